package dev.hone.benchmarks.load;

import java.util.ArrayList;
import java.util.List;
import java.util.function.DoublePredicate;

/**
 * Looks for the highest rate within a limit, where a single run decides little: it has so few
 * requests that one bad moment of the machine makes its 99th percentile.
 *
 * <p>After a run within the limit the rate rises by a step, after any other it falls by one (Dixon
 * and Mood, A method for obtaining and analyzing sensitivity data, 1948). So it comes to the rate
 * at which half of the runs are within the limit, and stays around it; one lucky or unlucky run
 * costs one step, and what is far away is left quickly, for the first steps are large: whenever the
 * direction changes, the step becomes its square root, down to the last.
 */
final class UpAndDown {
  private static final double FIRST_STEP = 1.5;
  private static final double LAST_STEP = 1.06;
  private static final double FLOOR = 1.0 / 64;

  private final double highest;
  private double rate;
  private double step = FIRST_STEP;
  private boolean hasRun;
  private boolean wasWithin;

  /**
   * Begins.
   *
   * @param rate the first to try
   * @param highest none above it is tried
   */
  UpAndDown(double rate, double highest) {
    this.rate = Math.min(rate, highest);
    this.highest = highest;
  }

  /**
   * The rates to which it came with its last and smallest steps, run by run.
   *
   * @param isWithin whether a run at this rate is within the limit
   * @param runs so many with such steps
   * @param most so many in all, at most
   * @return as many as {@code runs}, or fewer, or none: the limit is then nowhere near what was
   *     tried
   */
  double[] rates(DoublePredicate isWithin, int runs, int most) {
    List<Double> rates = new ArrayList<>();
    double lowest = rate * FLOOR;
    for (int run = 0; run < most && rates.size() < runs && rate > lowest; run++) {
      boolean within = isWithin.test(rate);
      if (hasRun && within != wasWithin) {
        step = Math.max(LAST_STEP, Math.sqrt(step));
      }
      hasRun = true;
      wasWithin = within;
      double next = within ? Math.min(highest, rate * step) : rate / step;
      if (step == LAST_STEP || next == rate) {
        rates.add(Math.sqrt(rate * next)); // it is likely between the two, or above the highest
      }
      rate = next;
    }
    return rates.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
