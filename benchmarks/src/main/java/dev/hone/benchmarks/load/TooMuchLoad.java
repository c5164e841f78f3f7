package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.io.IOException;

/** What happens when more is asked for than can be served. */
public final class TooMuchLoad implements Question {
  private static final int REQUESTS = 64;

  @Override
  public String id() {
    return "overload";
  }

  @Override
  public String words() {
    return "What happens when more is asked for than can be served?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(11, 55, 440);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException, InterruptedException {
    try (Workload workload = Workload.shortTexts(REQUESTS)) {
      try {
        Overload.measure(workload, effort, answer);
      } catch (RuntimeException e) {
        answer.failed("twice what can be served", e);
      }
      try {
        Tenants.measure(workload, effort, answer);
      } catch (RuntimeException e) {
        answer.failed("a light tenant beside a heavy one", e);
      }
    }
  }
}
