package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import java.io.IOException;

/** Whether one who asks for little is served as before, while another asks for far too much. */
public final class Tenants implements Question {
  private static final int REQUESTS = 64;

  @Override
  public String id() {
    return "tenants";
  }

  @Override
  public String words() {
    return "How long does a light tenant wait beside a heavy one?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(6, 38, 310);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException, InterruptedException {
    try (Workload workload = Workload.shortTexts(REQUESTS)) {
      TenantsRun.measure(workload, effort, answer);
    }
  }
}
