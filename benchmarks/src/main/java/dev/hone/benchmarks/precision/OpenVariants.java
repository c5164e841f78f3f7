package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.rivals.Runner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Variants of one model, open side by side with the same number of threads. */
final class OpenVariants implements AutoCloseable {
  private final Map<Variant, Runner> runners = new LinkedHashMap<>();

  /** Opens all; one that does not open is told in the answer and left out. */
  OpenVariants(List<Variant> variants, int threads, Answer answer) {
    for (Variant variant : variants) {
      Progress.say("opening " + variant.name());
      try {
        runners.put(variant, variant.opener().open(threads));
      } catch (Exception | LinkageError e) {
        answer.failed(variant.name(), e);
      }
    }
  }

  /** Those that opened, in order. */
  List<Variant> variants() {
    return new ArrayList<>(runners.keySet());
  }

  /** The one of this id, if it opened. */
  Optional<Variant> variant(String id) {
    return runners.keySet().stream().filter(variant -> variant.id().equals(id)).findFirst();
  }

  /** The output of a variant that opened. */
  float[] run(Variant variant, Batch inputs) {
    Runner runner = runners.get(variant);
    if (runner == null) {
      throw new IllegalArgumentException(variant.name() + " did not open.");
    }
    return runner.run(inputs);
  }

  /** The vectors that a variant of a model for texts gives them, one text in a run. */
  float[][] vectors(TextModel model, Variant variant, long[][] texts) {
    return Arrays.stream(texts)
        .parallel() // nothing is timed here
        .map(
            text -> {
              long[][] one = {text};
              try (Batch inputs = TextModel.batch(one)) {
                return model.vectors(run(variant, inputs), one)[0];
              }
            })
        .toArray(float[][]::new);
  }

  /** Measures all on the same inputs, in turns. */
  Samples speeds(Batch inputs, Effort effort) {
    List<Entrant> entrants = new ArrayList<>();
    runners.forEach(
        (variant, runner) ->
            entrants.add(new Entrant(variant.name(), variant.side(), () -> runner.over(inputs))));
    return Interleaved.measure(entrants, effort);
  }

  @Override
  public void close() {
    runners.values().forEach(Runner::close);
  }
}
