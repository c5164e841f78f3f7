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
 * @param sameAnswers the least share of answers that stay the same, of a model without cosines
 * @param speed the least ratio of speeds
 */
record Floors(double meanCosine, double firstPercentile, double sameAnswers, double speed) {
  /** On made-up inputs the figures only show that nothing is broken. */
  private static final double NOT_BROKEN = 0.8;

  /** Where two labels are all but even, any rounding may change which one is first. */
  private static final double SAME_ANSWERS = 0.95;

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
        options.leastMeanCosine().orElse(SAME_ANSWERS),
        forSpeed ? 1.0 : 0.75);
  }

  /** The least mean cosine, or share of answers, on such rows. */
  double least(Fidelity fidelity) {
    double least = fidelity.isInLabels() ? sameAnswers : meanCosine;
    return fidelity.madeUp() ? Math.min(least, NOT_BROKEN) : least;
  }

  /** Whether answers are near enough. */
  boolean isMetBy(Fidelity fidelity) {
    boolean meanOnly = fidelity.madeUp() || fidelity.isInLabels();
    return fidelity.meanCosine() >= least(fidelity)
        && (meanOnly || fidelity.firstPercentileCosine() >= firstPercentile);
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
        "At %s %s. Open the model as it is, bring calibration data that looks more like the data to"
            + " come, lower the floor, or take it with Quantization.evenIfWorse(true).%n%s",
        report.asked(), rule(report.model(), fidelity), report);
  }

  private String rule(String model, Fidelity fidelity) {
    double least = least(fidelity);
    double mean = fidelity.meanCosine();
    String rows = fidelity.rows() + (fidelity.madeUp() ? " made-up rows" : " rows");
    if (fidelity.isInLabels()) {
      return format(
          "at least %.4f of the answers of '%s' must stay what they are, but on %s it is %.4f",
          least, model, rows, mean);
    }
    String cosine =
        format(
            "the answers of '%s' must keep a mean cosine of at least %.4f to the original's",
            model, least);
    return fidelity.madeUp()
        ? format("%s, but on %s it is %.4f", cosine, rows, mean)
        : format(
            "%s, and all but a hundredth %.4f, but on %s it is %.4f and %.4f",
            cosine, firstPercentile, rows, mean, fidelity.firstPercentileCosine());
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
