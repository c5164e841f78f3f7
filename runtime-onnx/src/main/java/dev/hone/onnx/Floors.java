package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.QuantizationReport.Speed;
import java.util.Locale;
import java.util.Optional;

/**
 * What a result must reach to be taken.
 *
 * @param meanCosine the least mean cosine
 * @param firstPercentile the least first percentile of the cosine
 * @param speed the least ratio of speeds
 */
record Floors(double meanCosine, double firstPercentile, double speed) {
  /** On made-up inputs the figures only show that nothing is broken. */
  private static final double NOT_BROKEN = 0.8;

  /**
   * The floors of these options for a precision.
   *
   * @param precision what the result computes with
   * @param forSpeed whether speed is what the result is for; otherwise it may be a little slower
   */
  static Floors of(Precision precision, Quantization options, boolean forSpeed) {
    double mean =
        switch (precision) {
          case INT8 -> 0.99;
          case INT4 -> 0.975;
          case FP16 -> 0.999;
          default -> 0.9999;
        };
    double first =
        switch (precision) {
          case INT8 -> 0.97;
          case INT4 -> 0.95;
          case FP16 -> 0.998;
          default -> 0.9999;
        };
    return new Floors(
        options.leastMeanCosine().orElse(mean),
        options.leastFirstPercentile().orElse(first),
        forSpeed ? 1.0 : 0.75);
  }

  /** The least mean cosine on such rows. */
  double least(Fidelity fidelity) {
    return fidelity.madeUp() ? Math.min(meanCosine, NOT_BROKEN) : meanCosine;
  }

  /** Whether answers are near enough. */
  boolean isMetBy(Fidelity fidelity) {
    return fidelity.meanCosine() >= least(fidelity)
        && (fidelity.madeUp() || fidelity.firstPercentileCosine() >= firstPercentile);
  }

  /** Whether it is fast enough: a clear majority of turns must speak against it to be refused. */
  boolean isMetBy(Speed timed) {
    return timed.high() >= speed;
  }

  /**
   * Refuses a result that falls short.
   *
   * @throws QuantizationException if it does, unless the options say to take it
   */
  void check(QuantizationReport report, Quantization options) {
    Optional<Fidelity> worse = report.fidelity().filter(fidelity -> !isMetBy(fidelity));
    if (worse.isPresent() && !options.evenIfWorse()) {
      throw new QuantizationException(tooFar(report, worse.get()), report);
    }
    Optional<Speed> slower = report.speed().filter(timed -> !isMetBy(timed));
    if (slower.isPresent() && !options.evenIfSlower()) {
      throw new QuantizationException(tooSlow(report, slower.get()), report);
    }
  }

  private String tooFar(QuantizationReport report, Fidelity fidelity) {
    return format(
        "At %s the answers of '%s' must keep a mean cosine of at least %.4f to the original's, and"
            + " all but a hundredth %.4f, but on %d %s it is %.4f and %.4f. Open the model as it"
            + " is, bring calibration data that looks more like the data to come, lower the floor,"
            + " or take it with Quantization.evenIfWorse(true).%n%s",
        report.asked(),
        report.model(),
        least(fidelity),
        fidelity.madeUp() ? -1 : firstPercentile,
        fidelity.rows(),
        fidelity.madeUp() ? "made-up rows" : "rows",
        fidelity.meanCosine(),
        fidelity.firstPercentileCosine(),
        report);
  }

  private String tooSlow(QuantizationReport report, Speed timed) {
    return format(
        "At %s '%s' must run at least %.2f times as fast as the original, but here it ran %.2f times"
            + " as fast (%.2f to %.2f, %d turns). Open the model as it is, or take it with"
            + " Quantization.evenIfSlower(true).%n%s",
        report.asked(),
        report.model(),
        speed,
        timed.ratio(),
        timed.low(),
        timed.high(),
        timed.turns(),
        report);
  }

  private static String format(String format, Object... values) {
    return String.format(Locale.ROOT, format, values);
  }
}
