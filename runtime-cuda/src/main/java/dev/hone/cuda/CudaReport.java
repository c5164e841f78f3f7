package dev.hone.cuda;

import java.util.List;

/**
 * What stands between a machine and computing on its GPU. {@link #toString} is a text for people
 * that names all of it, each with its remedy.
 *
 * @param status the first thing that is in the way, in the order in which things must be put right,
 *     or {@link CudaStatus.Ready}
 * @param problems everything that is in the way, in that order; empty if nothing is
 * @param facts what was found, in a few words each
 */
public record CudaReport(CudaStatus status, List<CudaStatus> problems, List<String> facts) {
  /** Copies the lists. */
  public CudaReport {
    problems = List.copyOf(problems);
    facts = List.copyOf(facts);
  }

  /** Whether nothing is in the way, as far as files tell, and the GPU where it was put to work. */
  public boolean isReady() {
    return problems.isEmpty();
  }

  /** A few lines for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(isReady() ? status.text() : "The GPU cannot be used, for " + problems.size());
    if (!isReady()) {
      text.append(problems.size() == 1 ? " reason:" : " reasons:");
    }
    int number = 1;
    for (CudaStatus problem : problems) {
      text.append("\n").append(number++).append(". ").append(problem.text());
      text.append("\n   > ").append(problem.remedy());
    }
    facts.forEach(fact -> text.append("\n- ").append(fact));
    return text.toString();
  }
}
