package dev.hone.benchmarks.ledger;

import dev.hone.benchmarks.measure.Estimate;
import java.util.Objects;
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
 * @param run the kept run that measured it, as its file under {@code results/runs} is called
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
    @Nullable String machine,
    @Nullable String run) {
  private static final int DIGITS = 4;

  static Entry unmeasured(Figure figure) {
    String target = figure.goal().map(Target::toString).orElse(null);
    return new Entry(figure.id(), null, figure.unit(), target, null, null, null, null, null, null);
  }

  static Entry measured(Figure figure, Estimate estimate, String date, String machine, String run) {
    return new Entry(
        figure.id(),
        rounded(estimate.value()),
        figure.unit(),
        figure.goal().map(Target::toString).orElse(null),
        figure.goal().map(target -> target.isMetBy(estimate.value())).orElse(null),
        rounded(estimate.low()),
        rounded(estimate.high()),
        date,
        machine,
        run);
  }

  /**
   * The same with unit and target of the list. Whether the target was met is kept if it is still
   * the same one: only the run knew the value before it was rounded.
   */
  Entry renewed(Figure figure) {
    String wanted = figure.goal().map(Target::toString).orElse(null);
    Boolean good = met;
    if (value != null && !Objects.equals(wanted, target)) {
      double known = value;
      good = figure.goal().map(goal -> goal.isMetBy(known)).orElse(null);
    }
    return new Entry(id, value, figure.unit(), wanted, good, low, high, date, machine, run);
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

  /** The run that measured it, or at least its day; empty if none did. */
  public String source() {
    return run != null ? run : date != null ? date : "";
  }

  /** Value and interval, if measured. */
  public Optional<Estimate> estimate() {
    if (value == null || low == null || high == null) {
      return Optional.empty();
    }
    return Optional.of(new Estimate(value, low, high));
  }
}
