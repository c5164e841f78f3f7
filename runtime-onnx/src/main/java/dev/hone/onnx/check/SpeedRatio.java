package dev.hone.onnx.check;

import java.util.Arrays;

/**
 * How much faster one way is than another: both are timed in turns, so that what slows the machine
 * meanwhile slows both, and each turn gives a ratio. The median of the ratios and their quartiles
 * are kept.
 *
 * @param ratio the time of the slow way over that of the fast one, the median of all turns
 * @param low the lower quartile
 * @param high the upper quartile
 * @param turns how many turns there were
 */
public record SpeedRatio(double ratio, double low, double high, int turns) {
  private static final int WARM_UP_TURNS = 3;
  private static final int LEAST_TURNS = 11;
  private static final int MOST_TURNS = 201;

  /**
   * Times two ways in turns.
   *
   * @param baseline the way to compare with
   * @param candidate the way that may be faster
   * @param nanos about how long all turns together may take; a few turns are taken in any case
   */
  public static SpeedRatio measure(Runnable baseline, Runnable candidate, long nanos) {
    for (int i = 0; i < WARM_UP_TURNS; i++) {
      baseline.run();
      candidate.run();
    }
    double[] ratios = new double[MOST_TURNS];
    long end = System.nanoTime() + nanos;
    int turns = 0;
    while (turns < LEAST_TURNS || (turns < MOST_TURNS && System.nanoTime() < end)) {
      boolean baselineFirst = turns % 2 == 0; // who comes second finds warmer caches
      double first = nanosOf(baselineFirst ? baseline : candidate);
      double second = nanosOf(baselineFirst ? candidate : baseline);
      ratios[turns++] = baselineFirst ? first / second : second / first;
    }
    return of(Arrays.copyOf(ratios, turns));
  }

  static SpeedRatio of(double[] ratios) {
    double[] sorted = ratios.clone();
    Arrays.sort(sorted);
    int last = sorted.length - 1;
    return new SpeedRatio(
        sorted[last / 2], sorted[last / 4], sorted[last - last / 4], sorted.length);
  }

  private static double nanosOf(Runnable work) {
    long start = System.nanoTime();
    work.run();
    return Math.max(1, System.nanoTime() - start);
  }
}
