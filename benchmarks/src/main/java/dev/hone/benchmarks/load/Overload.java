package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.io.IOException;

/** What happens when more is asked for than can be served. */
public final class Overload implements Question {
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
    return effort.pick(5, 25, 105);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException, InterruptedException {
    try (Workload workload = Workload.shortTexts(REQUESTS)) {
      OverloadRun.measure(workload, effort, answer);
    }
  }
}
