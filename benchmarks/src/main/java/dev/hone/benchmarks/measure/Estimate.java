package dev.hone.benchmarks.measure;

import java.util.Arrays;
import java.util.List;

/**
 * A measured value with the interval that it can be trusted to.
 *
 * <p>The value is the median of all rounds. The interval is made of order statistics: with n
 * rounds, the k-th smallest and the k-th largest enclose the true median with a probability of 1 -
 * 2 P(Binomial(n, 1/2) &lt; k), whatever the distribution; k is the largest that keeps this at 95 %
 * or more. (Conover, Practical Nonparametric Statistics, confidence interval for a quantile.) Fewer
 * than six rounds cannot give 95 %: then the interval is their whole range.
 *
 * <p>Rounds of one process resemble each other more than rounds of two (memory layout, compiled
 * code). So the interval is widened, where needed, to hold the median of every process.
 *
 * @param value the median
 * @param low the lower end
 * @param high the upper end
 */
public record Estimate(double value, double low, double high) {
  private static final double TAIL = 0.025;

  /** A value that was not sampled but counted or computed. */
  public static Estimate exact(double value) {
    return new Estimate(value, value, value);
  }

  /**
   * From the values of all rounds, process by process.
   *
   * @throws IllegalArgumentException if there is no value at all
   */
  public static Estimate of(List<double[]> processes) {
    double[] all = processes.stream().flatMapToDouble(Arrays::stream).sorted().toArray();
    if (all.length == 0) {
      throw new IllegalArgumentException("An estimate needs at least one measured value.");
    }
    int k = rank(all.length);
    double low = all[k - 1];
    double high = all[all.length - k];
    for (double[] process : processes) {
      if (process.length > 0) {
        double[] sorted = process.clone();
        Arrays.sort(sorted);
        low = Math.min(low, median(sorted));
        high = Math.max(high, median(sorted));
      }
    }
    return new Estimate(median(all), low, high);
  }

  /** From the values of the rounds of one process. */
  public static Estimate of(double... rounds) {
    return of(List.of(rounds));
  }

  private static double median(double[] sorted) {
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }

  /** The largest k with P(Binomial(n, 1/2) &lt; k) at most 2.5 %, but at least 1. */
  static int rank(int n) {
    double term = Math.pow(0.5, n);
    double sum = term;
    int k = 0;
    while (sum <= TAIL) {
      k++;
      term = term * (n - k + 1) / k;
      sum += term;
    }
    return Math.max(1, k);
  }

  /** Whether the two intervals have a value in common. */
  public boolean agreesWith(Estimate other) {
    return low <= other.high && other.low <= high;
  }
}
