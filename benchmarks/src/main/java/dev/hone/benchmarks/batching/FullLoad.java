package dev.hone.benchmarks.batching;

import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Oracle.Plan;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.question.Values;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How near shared batches come to the best that batches can do, when there is always work. */
public final class FullLoad implements Question {
  private static final int UNDER_WAY = 128;
  private static final String CANNOT_PAY = "gemm-tiny";
  private static final String HONE = "Hone: Batcher";
  private static final String ORACLE = "the best batches, prepared beforehand";
  private static final String SHARE = "Hone, of that";
  private static final String ROWS = "rows of the best batches";
  private static final String TOKENS = "real tokens, of all that Hone computes";

  @Override
  public String id() {
    return "saturation";
  }

  @Override
  public String words() {
    return "How near does sharing come to the best that batches can do?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 88, 300);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws Exception {
    Table table =
        answer.add(
            new Table(
                "There are always " + UNDER_WAY + " requests under way",
                Column.higher(HONE, "requests/s"),
                Column.higher(ORACLE, "requests/s"),
                Column.higher(SHARE, "%").asBars(),
                Column.higher(ROWS, "rows"),
                Column.higher(TOKENS, "")));
    answer.note(
        "The best batches are made of requests that are all known, texts of like length together,"
            + " and joined before the time begins; nobody waits for their answers. So many rows a"
            + " batch, and so many batches at once, as is fastest here. The smallest network is not"
            + " in the figure: a row takes less than to hand over a request, so that batches that"
            + " cost nothing say nothing about it.");
    gemm(effort, answer, table, CANNOT_PAY, effort.pick(64, 4096, 8192), 16, 32, 4);
    if (effort == Effort.SMOKE) {
      texts(Workload.mixedTexts(8), null, effort, answer, table);
      return;
    }
    gemm(effort, answer, table, "gemm-medium", 2048, 256, 512, 512, 10);
    gemm(effort, answer, table, "gemm-large", 512, 1024, 2048, 2048, 100);
    Path small = Workload.smallFile(answer);
    texts(Workload.shortTexts(UNDER_WAY), small, effort, answer, table);
    texts(Workload.mixedTexts(UNDER_WAY), small, effort, answer, table);
  }

  private static void gemm(
      Effort effort, Answer answer, Table table, String id, int requests, int... widths) {
    try (Workload workload = Workload.gemm(id, requests, widths)) {
      one(workload, effort, answer, table);
    }
  }

  private static void texts(
      Workload workload, @Nullable Path small, Effort effort, Answer answer, Table table) {
    try (workload) {
      one(workload, effort, answer, table);
      if (small != null) {
        one(workload.small(small), effort, answer, table);
      }
    }
  }

  private static void one(Workload workload, Effort effort, Answer answer, Table table) {
    Progress.say(workload.words());
    try {
      Plan plan = effort == Effort.SMOKE ? new Plan(4, 1) : Oracle.best(workload);
      Batcher batcher =
          Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
      Saturated hone = new Saturated(batcher, workload, UNDER_WAY);
      Samples samples =
          Interleaved.measure(
              List.of(
                  Entrant.ours(HONE, () -> hone),
                  Entrant.theirs(ORACLE, () -> new Oracle(workload, plan))),
              effort);
      samples.failures().forEach((who, why) -> answer.missing(who + ", " + workload.words(), why));
      if (samples.has(HONE, ORACLE)) {
        Table.Row row = table.row(workload.words(), Side.OURS).set(ROWS, plan.rows());
        tell(workload, samples, row, answer);
        if (workload.id().startsWith("minilm")) {
          row.set(TOKENS, hone.realTokenShare());
          lowest(answer, "batching.padding", hone.realTokenShare());
        }
      }
    } catch (Exception e) {
      answer.failed(workload.words(), e);
    }
  }

  private static void tell(Workload workload, Samples samples, Table.Row row, Answer answer) {
    int requests = workload.requests().size();
    double[] share =
        Arrays.stream(samples.speedAgainst(HONE, ORACLE)).map(ratio -> 100 * ratio).toArray();
    row.set(HONE, samples.perSecond(HONE, requests))
        .set(ORACLE, samples.perSecond(ORACLE, requests))
        .set(SHARE, share);
    answer.figure("batching.oracle." + workload.id(), share);
    if (!workload.id().equals(CANNOT_PAY)) {
      lowest(answer, "batching.oracle", share);
    }
  }

  /** Keeps the lowest of several as the figure. */
  private static void lowest(Answer answer, String id, double... values) {
    Values known = answer.figures().get(id);
    if (known == null || Estimate.of(values).value() < known.estimate().value()) {
      answer.figure(id, values);
    }
  }
}
