package dev.hone.benchmarks.batching;

import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Oracle.Plan;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How near shared batches come to the best that batches can do, when there is always work. */
public final class FullLoad implements Question {
  private static final int UNDER_WAY = 128;

  /** So many that a turn is long against a batch, of which there may be half a one too much. */
  private static final int TEXTS = 2 * UNDER_WAY;

  /** As many of the longest, of the slowest model, where there is little time. */
  private static final int SLOW_TEXTS = UNDER_WAY;

  /** Enough texts to find the best batches of them. */
  private static final int SAMPLE = 64;

  private static final String CANNOT_PAY = "gemm-tiny";
  private static final String HONE = "Hone: Batcher";
  private static final String ORACLE = "the best batches, prepared beforehand";
  private static final String SHARE = "Hone, of that";
  private static final String ROWS = "rows of the best batches";
  private static final String AT_ONCE = "of them at once";
  private static final String TOKENS = "real tokens, of all that Hone computes";

  /** What is found, workload by workload, and the worst of it. */
  private record Findings(Answer answer, Table table, Lowest share, Lowest tokens) {
    void failed(Workload workload) {
      if (!workload.id().equals(CANNOT_PAY)) {
        share.failed(workload.words());
      }
      if (isText(workload)) {
        tokens.failed(workload.words());
      }
    }

    void end() {
      share.enterInto(answer);
      tokens.enterInto(answer);
    }
  }

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
    return effort.pick(5, 97, 330);
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
                Column.higher(AT_ONCE, ""),
                Column.higher(TOKENS, "")));
    answer.note(
        "The best batches are made of requests that are all known, texts of like length together,"
            + " and joined before the time begins; nobody waits for their answers. So many rows a"
            + " batch, and so many batches at once, as is fastest here, but no more than are under"
            + " way. The smallest network is not"
            + " in the figure: a row takes less than to hand over a request, so that batches that"
            + " cost nothing say nothing about it.");
    Lowest share = new Lowest("batching.oracle");
    Lowest tokens = new Lowest("batching.padding");
    Findings findings = new Findings(answer, table, share, tokens);
    gemm(effort, findings, CANNOT_PAY, effort.pick(64, 16_384, 32_768), 16, 32, 4);
    if (effort == Effort.SMOKE) {
      texts(Workload.mixedTexts(TextModel.MINILM, 8), 8, null, effort, findings);
    } else {
      gemm(effort, findings, "gemm-medium", effort.pick(64, 16_384, 32_768), 256, 512, 512, 10);
      gemm(effort, findings, "gemm-large", 2_048, 1024, 2048, 2048, 100);
      Path small = Workload.smallFile(TextModel.MINILM, answer);
      if (small == null) {
        share.failed("MiniLM INT8");
        tokens.failed("MiniLM INT8");
      }
      int slow = effort.pick(0, SLOW_TEXTS, TEXTS);
      texts(Workload.shortTexts(TEXTS), TEXTS, small, effort, findings);
      texts(Workload.mixedTexts(TextModel.MINILM, TEXTS), slow, small, effort, findings);
    }
    findings.end();
  }

  private static void gemm(
      Effort effort, Findings findings, String id, int requests, int... widths) {
    try (Workload workload = Workload.gemm(id, requests, widths)) {
      one(workload, effort, findings);
    }
  }

  /**
   * Measures a workload of texts, and closes it.
   *
   * @param full how many of them in FP32
   * @param small the model in INT8, for all of them
   */
  private static void texts(
      Workload workload, int full, @Nullable Path small, Effort effort, Findings findings) {
    try (workload) {
      one(workload.first(full), effort, findings);
      if (small != null) {
        one(workload.small(small), effort, findings);
      }
    }
  }

  private static boolean isText(Workload workload) {
    return workload.id().startsWith("minilm");
  }

  private static void one(Workload workload, Effort effort, Findings findings) {
    Progress.say(workload.words());
    Answer answer = findings.answer();
    try {
      Plan plan =
          effort == Effort.SMOKE ? new Plan(4, 1) : Oracle.best(sample(workload), UNDER_WAY);
      List<float[]> answers = workload.answers();
      Batcher batcher =
          Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
      Saturated hone = new Saturated(batcher, workload, answers, UNDER_WAY);
      Samples samples =
          Interleaved.measure(
              List.of(
                  Entrant.ours(HONE, () -> hone).warmedUp(effort.pick(0, 1_500, 3_000)),
                  Entrant.theirs(ORACLE, () -> new Oracle(workload, plan, answers))),
              effort);
      samples.failures().forEach((who, why) -> answer.missing(who + ", " + workload.words(), why));
      if (samples.has(HONE, ORACLE)) {
        tell(workload, plan, samples, hone.realTokenShare(), findings);
      } else {
        findings.failed(workload);
      }
    } catch (Exception e) {
      answer.failed(workload.words(), e);
      findings.failed(workload);
    }
  }

  private static Workload sample(Workload workload) {
    return isText(workload) ? workload.first(SAMPLE) : workload;
  }

  private static void tell(
      Workload workload, Plan plan, Samples samples, double realTokens, Findings findings) {
    int requests = workload.requests().size();
    double[] share =
        Arrays.stream(samples.speedAgainst(HONE, ORACLE)).map(ratio -> 100 * ratio).toArray();
    Table.Row row = findings.table().row(workload.words(), Side.OURS);
    row.set(ROWS, plan.rows())
        .set(AT_ONCE, plan.atOnce())
        .set(HONE, samples.perSecond(HONE, requests))
        .set(ORACLE, samples.perSecond(ORACLE, requests))
        .set(SHARE, share);
    findings.answer().figure("batching.oracle." + workload.id(), share);
    if (!workload.id().equals(CANNOT_PAY)) {
      findings.share().add(share);
    }
    if (isText(workload)) {
      row.set(TOKENS, realTokens);
      findings.tokens().add(realTokens);
    }
  }
}
