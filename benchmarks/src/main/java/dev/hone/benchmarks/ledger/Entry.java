package dev.hone.benchmarks.ledger;

import dev.hone.benchmarks.measure.Estimate;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One line of the ledger. What has not been measured has no value.
 *
 * @param id the figure
 * @param value what was measured
 * @param unit its unit
 * @param target what it should reach, as text
 * @param met whether it does
 * @param low lower end of the 95 % interval
 * @param high upper end of it
 * @param date the day of the run
 * @param machine what it ran on
 */
public record Entry(
    String id,
    @Nullable Double value,
    String unit,
    @Nullable String target,
    @Nullable Boolean met,
    @Nullable Double low,
    @Nullable Double high,
    @Nullable String date,
    @Nullable String machine) {
  private static final int DIGITS = 4;

  static Entry unmeasured(Figure figure) {
    String target = figure.goal().map(Target::toString).orElse(null);
    return new Entry(figure.id(), null, figure.unit(), target, null, null, null, null, null);
  }

  static Entry measured(Figure figure, Estimate estimate, String date, String machine) {
    double value = rounded(estimate.value());
    return new Entry(
        figure.id(),
        value,
        figure.unit(),
        figure.goal().map(Target::toString).orElse(null),
        figure.goal().map(target -> target.isMetBy(value)).orElse(null),
        rounded(estimate.low()),
        rounded(estimate.high()),
        date,
        machine);
  }

  /** To four significant digits, or more where the first ones are nines. */
  static double rounded(double value) {
    if (value == 0 || Double.isNaN(value) || Double.isInfinite(value)) {
      return value;
    }
    boolean nearOne = Math.abs(value) > 0.99 && Math.abs(value) < 1;
    int decimals = nearOne ? 5 : DIGITS - 1 - (int) Math.floor(Math.log10(Math.abs(value)));
    double scale = Math.pow(10, decimals);
    return decimals < 0 ? Math.rint(value) : Math.rint(value * scale) / scale;
  }

  /** Value and interval, if measured. */
  public Optional<Estimate> estimate() {
    if (value == null || low == null || high == null) {
      return Optional.empty();
    }
    return Optional.of(new Estimate(value, low, high));
  }
}
