package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.Quantization.Form;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Whether a second opinion finds a model that has become worse, and leaves one alone that has not.
 * The harm is noise on MiniLM's weights, as little as makes 2 % of the texts have another nearest
 * neighbour. The models really run, once for each text; requests then recall their answers.
 */
final class PlantedHarm {
  private static final String ALARMS = "shadows that raised the alarm, of all";
  private static final String AFTER = "after so many requests (median)";
  private static final String COMPARED = "requests compared, by each";
  private static final double FLIPS = 0.02;
  private static final double MOST_NOISE = 0.3;
  private static final double LEAST_NOISE = 0.001;
  private static final double STEP = 1.25;
  private static final int SEEDS = 100;
  private static final int MILLION = 1_000_000;
  private static final int REQUESTS = 20_000;
  private static final int LEARNED = 100;

  private final Effort effort;
  private final Answer answer;
  private final Table table;
  private final Corpus corpus;
  private final NoisedModel noised = new NoisedModel();
  private final List<Double> noise = new ArrayList<>();
  private final List<Double> flips = new ArrayList<>();

  private PlantedHarm(Effort effort, Answer answer) throws IOException {
    this.effort = effort;
    this.answer = answer;
    this.corpus = new Corpus(LEARNED + effort.pick(20, 600, 900), effort.pick(8, 24, 48));
    this.table =
        answer.add(
            new Table(
                "What a second opinion on 1 % of the requests finds (MiniLM)",
                Column.higher(ALARMS, "%"),
                Column.lower(AFTER, "requests"),
                Column.higher(COMPARED, "requests")));
  }

  static void measure(Effort effort, Answer answer) throws IOException {
    new PlantedHarm(effort, answer).measure();
  }

  private void measure() throws IOException {
    try (Corpus.Answers alone = corpus.alone(TextModel.MINILM.model());
        Corpus.Answers batched = corpus.inBatches(TextModel.MINILM.model())) {
      List<Watchers.Found> identical = List.of(ask(batched, batched, alone, million(), SEEDS));
      row("the same weights: " + words(MILLION) + " in all", identical);
      answer.figure("monitoring.shadow.false-alarms", alarms(identical));
      int models = effort.pick(1, 2, 10);
      List<Watchers.Found> found = new ArrayList<>();
      for (int seed = 0; seed < models; seed++) {
        Progress.say("planted harm, model " + (seed + 1) + " of " + models);
        try (Corpus.Answers harmed = harmed(batched, seed)) {
          found.add(ask(batched, harmed, alone, REQUESTS, SEEDS / models));
        }
      }
      row("noised weights: " + words(REQUESTS) + " each", found);
      answer.figure("monitoring.shadow.found", 100.0 * alarms(found) / SEEDS);
      if (effort != Effort.SMOKE) {
        Progress.say("second opinions on INT8");
        int8(alone);
      }
    }
    note();
  }

  /** So many requests that all shadows together get a million. */
  private int million() {
    return effort.pick(200, MILLION, MILLION) / SEEDS;
  }

  private Watchers.Found ask(
      Corpus.Answers healthy,
      Corpus.Answers now,
      Corpus.Answers baseline,
      int requests,
      int shadows) {
    int learned = Math.min(LEARNED, corpus.size() / 2);
    return Watchers.ask(healthy, now, baseline, learned, shadows, requests);
  }

  /** The answers with as little noise as flips 2 % of the neighbours, found by halving. */
  private Corpus.Answers harmed(Corpus.Answers healthy, long seed) {
    boolean first = noise.isEmpty();
    double high = first ? MOST_NOISE : noise.get(0);
    double low = first ? LEAST_NOISE : high / STEP;
    Corpus.Answers harmed = corpus.inBatches(noised.with(high, seed));
    while (harmed.flippedNeighbours(healthy) < FLIPS) {
      harmed.close();
      low = high;
      high *= STEP;
      harmed = corpus.inBatches(noised.with(high, seed));
    }
    for (int i = 0; i < effort.pick(1, first ? 7 : 2, first ? 9 : 4); i++) {
      double middle = Math.sqrt(low * high);
      Corpus.Answers tried = corpus.inBatches(noised.with(middle, seed));
      if (tried.flippedNeighbours(healthy) < FLIPS) {
        low = middle;
        tried.close();
      } else {
        high = middle;
        harmed.close();
        harmed = tried;
      }
    }
    noise.add(high);
    flips.add(harmed.flippedNeighbours(healthy));
    return harmed;
  }

  /** A model in INT8, which differs from its baseline anyway; in the long run also harmed. */
  private void int8(Corpus.Answers alone) throws IOException {
    List<Batch> examples = TextModel.MINILM.examples();
    Model full = TextModel.MINILM.model();
    Path small = SmallModels.file("int8", full, Precision.INT8, Form.AUTOMATIC, examples);
    try (Corpus.Answers healthy = corpus.alone(Model.load(small))) {
      row(
          "INT8 as it was made: " + words(MILLION) + " in all",
          List.of(ask(healthy, healthy, alone, million(), SEEDS)));
      if (effort == Effort.FULL) {
        harmedInt8(healthy, alone, examples);
      }
    } finally {
      examples.forEach(Batch::close);
    }
  }

  /** Made of weights with as little noise as makes 2 % more neighbours differ from FP32. */
  private void harmedInt8(Corpus.Answers healthy, Corpus.Answers alone, List<Batch> examples) {
    SessionOptions options = SmallModels.options(Precision.INT8, Form.AUTOMATIC, examples);
    double usual = healthy.flippedNeighbours(alone);
    for (double share = noise.get(0); share < MOST_NOISE; share *= 1.5) {
      Model made = Quantizer.quantize(noised.with(share, 0), options).model();
      try (Corpus.Answers harmed = corpus.alone(made)) {
        double flipped = harmed.flippedNeighbours(alone);
        if (flipped >= usual + FLIPS) {
          row(
              "INT8 of noised weights: " + words(REQUESTS) + " each",
              List.of(ask(healthy, harmed, alone, REQUESTS, SEEDS)));
          answer.note(
              String.format(
                  Locale.ROOT,
                  "Neighbours that differ from the full model's: %.1f %% in INT8 as it was made,"
                      + " %.1f %% in INT8 of weights with %.1f %% of noise.",
                  100 * usual,
                  100 * flipped,
                  100 * share));
          return;
        }
      }
    }
  }

  private static int alarms(List<Watchers.Found> found) {
    return found.stream().mapToInt(Watchers.Found::alarms).sum();
  }

  private void row(String label, List<Watchers.Found> found) {
    Table.Row row = table.row(label, Side.OURS);
    int shadows = found.stream().mapToInt(Watchers.Found::shadows).sum();
    row.set(ALARMS, 100.0 * alarms(found) / shadows);
    row.set(COMPARED, found.stream().mapToDouble(Watchers.Found::compared).average().orElse(0));
    double[] requests =
        found.stream().flatMap(f -> f.requests().stream()).mapToDouble(n -> n).toArray();
    if (requests.length > 0) {
      row.set(AFTER, requests);
    }
  }

  private static String words(int requests) {
    return String.format(Locale.ROOT, "%,d requests", requests);
  }

  private void note() {
    answer.note(
        String.format(
            Locale.ROOT,
            "The noise on the weights is %.2f %% of their root mean square on the average; it flips"
                + " %.1f %% of the nearest neighbours among %d texts. A shadow has learned from %d"
                + " other texts how far the models are apart while all is well. Requests come much"
                + " faster here than in life, so no budget is set.",
            100 * noise.stream().mapToDouble(share -> share).average().orElse(0),
            100 * flips.stream().mapToDouble(share -> share).average().orElse(0),
            corpus.size(),
            LEARNED));
  }
}
