package dev.hone.benchmarks.endtoend;

import com.sun.management.OperatingSystemMXBean;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.endtoend.Laps.Part;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.metrics.SessionStats;
import dev.hone.metrics.Stage;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Where the time of embeddings goes: the processor's, by what it works for, and the callers', by
 * what they wait for. The model's own part of the processor time is what the same texts take it
 * alone, one text in a run, one run at a time on one thread.
 *
 * <p>So what is left of the whole, when all that was measured by itself is taken away, is a
 * remainder: threads, batches, padding and the JVM, less what the model saves by shared batches. It
 * is below 0 where they save more than all that costs.
 */
final class TimeShares {
  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private static final String MICROS = "processor time for one text";
  private static final String SHARE = "of all";
  private static final String WAITED = "time for one text";
  private static final String MODEL = "the model, as when it runs alone";
  private static final String REST = "the remainder, less what batches save";

  private final List<String> texts;
  private final int rounds;
  private final Map<String, double[]> micros = new LinkedHashMap<>();
  private final Map<String, double[]> waited = new LinkedHashMap<>();
  private final double[] idle;

  private TimeShares(List<String> texts, int rounds) {
    this.texts = texts;
    this.rounds = rounds;
    this.idle = new double[rounds];
  }

  /** Measures a model for texts with shared batches, and tells it in the answer. */
  static void measure(
      Model model, List<String> texts, float[][] reference, Effort effort, Answer answer)
      throws Exception {
    Progress.say("where the time goes");
    TimeShares shares = new TimeShares(texts, effort.pick(1, 6, 20));
    shares.measure(model, reference);
    shares.tell(answer);
  }

  private void measure(Model model, float[][] reference) throws Exception {
    List<Batch> inputs = new ArrayList<>();
    for (long[] text : TextModel.MINILM.tokens(texts)) {
      inputs.add(TextModel.batch(new long[][] {text}));
    }
    Session shared = Batcher.open(model, SessionOptions.DEFAULT, BatchPolicy.automatic());
    HoneEmbedder embedder = new HoneEmbedder(shared);
    Laps[] laps = {new Laps()};
    try (Session alone = Session.open(model, SessionOptions.builder().threads(1).build());
        Crowd crowd = crowd(embedder, laps, reference)) {
      for (int round = -1; round < rounds; round++) { // the first one warms up
        laps[0] = new Laps();
        SessionStats before = shared.stats();
        long wall = System.nanoTime();
        long processor = SYSTEM.getProcessCpuTime();
        crowd.once();
        double used = SYSTEM.getProcessCpuTime() - processor;
        double given = (double) (System.nanoTime() - wall) * SYSTEM.getAvailableProcessors();
        double model0 = processorNanos(alone, inputs);
        if (round >= 0) {
          idle[round] = 100 * Math.max(0, 1 - used / given);
          processor(round, laps[0], model0, used);
          waiting(round, laps[0], shared.stats().minus(before));
        }
      }
      crowd.check();
    } finally {
      inputs.forEach(Batch::close);
    }
  }

  private Crowd crowd(HoneEmbedder embedder, Laps[] laps, float[][] reference) {
    Embedder timed =
        new Embedder() {
          @Override
          public float[] embed(String text) {
            return embedder.embed(text, laps[0]);
          }

          @Override
          public void close() {
            embedder.close();
          }
        };
    return new Crowd(timed, texts, reference, Embeddings.NEAR, vectors -> {});
  }

  private static double processorNanos(Session alone, List<Batch> inputs) {
    long before = SYSTEM.getProcessCpuTime();
    for (Batch input : inputs) {
      alone.run(input).close();
    }
    return SYSTEM.getProcessCpuTime() - before;
  }

  private void processor(int round, Laps laps, double model, double all) {
    double rest = all - model;
    for (Part part : List.of(Part.TOKENIZER, Part.INPUTS, Part.VECTOR)) {
      put(micros, part.words(), round, laps.ownNanos(part));
      rest -= laps.ownNanos(part);
    }
    put(micros, MODEL, round, model);
    put(micros, REST, round, rest);
  }

  private void waiting(int round, Laps laps, SessionStats stats) {
    put(waited, Part.TOKENIZER.words(), round, laps.wallNanos(Part.TOKENIZER));
    put(waited, Part.INPUTS.words(), round, laps.wallNanos(Part.INPUTS));
    put(waited, "waiting for a batch", round, sum(stats, Stage.QUEUE) + sum(stats, Stage.FORM));
    put(waited, "the model runs", round, sum(stats, Stage.RUN));
    put(
        waited,
        "inputs checked, results handed over",
        round,
        sum(stats, Stage.VALIDATE) + sum(stats, Stage.COMPLETE));
    put(waited, Part.VECTOR.words(), round, laps.wallNanos(Part.VECTOR));
  }

  private static double sum(SessionStats stats, Stage stage) {
    return stats.stage(stage).sum();
  }

  private void put(Map<String, double[]> parts, String part, int round, double nanos) {
    parts.computeIfAbsent(part, name -> new double[rounds])[round] = nanos / 1e3 / texts.size();
  }

  private void tell(Answer answer) {
    table(answer, "What the processors work for: Hone INT8, " + callers(), MICROS, micros);
    table(answer, "What a caller waits for: Hone INT8, " + callers(), WAITED, waited);
    double[] all = sums(micros);
    double[] model = of(MODEL);
    double[] tensors = new double[rounds];
    double[] most = new double[rounds]; // of the model, for half of all
    Arrays.setAll(tensors, i -> of(Part.INPUTS.words())[i] + of(Part.VECTOR.words())[i]);
    Arrays.setAll(most, i -> Math.max(0, model[i] - all[i] / 2));
    answer.figure("endtoend.time.tokenizer", percent(of(Part.TOKENIZER.words()), all));
    answer.figure("endtoend.time.tensors", percent(tensors, all));
    answer.figure("endtoend.time.model", percent(model, all));
    answer.figure("endtoend.time.rest", percent(of(REST), all));
    answer.figure("endtoend.time.model.twice", percent(most, model));
    answer.note(
        "The remainder is all processor time less the rows above it: threads, batches, padding and"
            + " the JVM, less what shared batches save the model, which is timed without them. It"
            + " is below 0 where they save more than all that costs.");
    answer.note(
        String.format(
            Locale.ROOT,
            "Hone INT8: a text takes %.0f µs of processor time, %.0f of them the model, and the"
                + " processors are idle %.1f %% of the time. If all but the model cost nothing, it"
                + " would be %.2f times as fast. To be twice as fast with everything else as it is,"
                + " it needs a model that takes at most %.0f µs for a text: one of half the layers,"
                + " or texts cut much earlier; or twice the cores.",
            middle(all),
            middle(model),
            middle(idle),
            middle(all) / middle(model),
            middle(most)));
  }

  private static String callers() {
    return Crowd.CALLERS + " callers";
  }

  private void table(Answer answer, String title, String time, Map<String, double[]> parts) {
    Table table =
        answer.add(new Table(title, Column.lower(time, "us").asBars(), Column.lower(SHARE, "%")));
    double[] sums = sums(parts);
    parts.forEach(
        (part, values) ->
            table.row(part, Side.OURS).set(time, values).set(SHARE, percent(values, sums)));
  }

  private double[] of(String part) {
    return micros.getOrDefault(part, new double[rounds]);
  }

  private double[] sums(Map<String, double[]> parts) {
    double[] sums = new double[rounds];
    parts.values().forEach(part -> Arrays.setAll(sums, i -> sums[i] + part[i]));
    return sums;
  }

  private static double[] percent(double[] values, double[] all) {
    double[] shares = new double[values.length];
    Arrays.setAll(shares, i -> 100 * values[i] / all[i]);
    return shares;
  }

  private static double middle(double[] values) {
    return Estimate.of(values).value();
  }
}
