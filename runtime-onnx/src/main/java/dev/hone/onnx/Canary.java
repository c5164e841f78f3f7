package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.calibrate.ModelRunner;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.NoSuchElementException;
import java.util.Optional;

/**
 * Holds a session that computes in half precision, on the device where it will answer, against the
 * original in single precision on the processor, before anybody is answered: a kernel that
 * overflows, or a driver that is broken, shows here and not in an application.
 *
 * @param model the original
 * @param options its device, and the inputs to compare on: checks, or else calibration, or else
 *     what can be made up
 */
record Canary(OnnxModel model, SessionOptions options) {
  private static final int MOST_BATCHES = 4;

  /**
   * Compares.
   *
   * @param half the session, which is borrowed
   * @return what to note about it
   * @throws QuantizationException if the answers are too far off
   */
  Optional<String> check(ModelRunner half) {
    int threads = OnnxSession.threads(options);
    Optional<Iterable<Batch>> real = options.checks().or(options::calibration);
    try (ModelRunner exact = Runners.open(model, threads)) {
      List<Batch> madeUp =
          real.isPresent() ? List.of() : MadeUp.of(model.data(), exact, MOST_BATCHES);
      Iterable<Batch> inputs = first(real.orElse(madeUp));
      try (Comparison comparison = new Comparison(exact, inputs, real.isEmpty(), threads)) {
        Optional<Fidelity> seen = comparison.fidelity(half);
        return Optional.of(judge(seen, comparison.reshaped()));
      } finally {
        madeUp.forEach(Batch::close);
      }
    }
  }

  private String judge(Optional<Fidelity> seen, Optional<String> reshaped) {
    if (seen.isEmpty()) {
      return "Not compared with FP32 on "
          + options.device()
          + ", for want of rows to check on: bring SessionOptions.checks.";
    }
    Fidelity fidelity = seen.get();
    Quantization how = OnnxSession.onnxOptions(options).quantization();
    Floors floors = Floors.of(Precision.FP16, how, false);
    String why = reshaped.map(words -> " " + words).orElse("");
    if (!floors.isMetBy(fidelity) && !how.evenIfWorse()) {
      throw new QuantizationException(tooFar(fidelity, floors) + why, null);
    }
    return String.format(
            Locale.ROOT,
            "On %s, answers in FP16 have a mean cosine of %.6f to those in FP32, on %d %srows.",
            options.device(),
            fidelity.meanCosine(),
            fidelity.rows(),
            fidelity.madeUp() ? "made-up " : "")
        + why;
  }

  private String tooFar(Fidelity fidelity, Floors floors) {
    return String.format(
        Locale.ROOT,
        "On %s the answers of '%s' in FP16 must keep a mean cosine of at least %.4f to those in"
            + " FP32 and be finite, but at '%s' it is %.4f, and %.4f at the worst of %d %srows. Open"
            + " a file that is in FP32 with Precision.FP32, exclude the nodes that leave the range of"
            + " FP16 with Quantization.exclude, or take it with Quantization.evenIfWorse(true).",
        options.device(),
        model.name(),
        floors.least(fidelity),
        fidelity.output(),
        fidelity.meanCosine(),
        fidelity.leastCosine(),
        fidelity.rows(),
        fidelity.madeUp() ? "made-up " : "");
  }

  /** The first batches alone: a canary is short. */
  private static Iterable<Batch> first(Iterable<Batch> all) {
    return () ->
        new Iterator<>() {
          private final Iterator<Batch> rest = all.iterator();
          private int count;

          @Override
          public boolean hasNext() {
            return count < MOST_BATCHES && rest.hasNext();
          }

          @Override
          public Batch next() {
            if (!hasNext()) {
              throw new NoSuchElementException(
                  "A canary has " + MOST_BATCHES + " batches at most.");
            }
            count++;
            return rest.next();
          }
        };
  }
}
