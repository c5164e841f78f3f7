package dev.hone.onnx.calibrate;

import java.util.Arrays;

/**
 * Counts of numbers in bins of one width, on both sides of 0.
 *
 * <p>Bin k holds {@code k h <= x < (k + 1) h} for k from {@code -N} to {@code N - 1}, with h a
 * power of two. A number that does not fit doubles h until it does: bins 2k and 2k + 1 become bin
 * k, which loses nothing, so h and all counts depend on which numbers came, not on their order. At
 * least a quarter of the bins lie inside the greatest magnitude, so an end found in the counts is
 * off by at most 2/N of it.
 */
final class Histogram {
  /** N: the bins on each side. */
  static final int SIDE = 2048;

  private static final int LEAST_EXPONENT = -149;

  private final long[] counts = new long[2 * SIDE];
  private int exponent = LEAST_EXPONENT;
  private long total;

  /** The width of a bin. */
  double width() {
    return Math.scalb(1.0, exponent);
  }

  /** How many numbers came. */
  long total() {
    return total;
  }

  /** The count of bin {@code k}, from {@code -SIDE} on. */
  long count(int k) {
    return counts[k + SIDE];
  }

  /**
   * Counts finite numbers.
   *
   * @param magnitude at least the greatest magnitude among them
   */
  void add(float[] values, int length, float magnitude) {
    widenTo(magnitude);
    double perUnit = 1 / width();
    for (int i = 0; i < length; i++) {
      // Truncation is floor here, because the sum is never negative.
      counts[(int) (values[i] * perUnit + SIDE)]++;
    }
    total += length;
  }

  private void widenTo(float magnitude) {
    int needed = exponent;
    while (magnitude >= Math.scalb((double) SIDE, needed)) {
      needed++;
    }
    int doublings = Math.min(needed - exponent, Integer.SIZE - 1);
    exponent = needed;
    if (doublings == 0 || total == 0) {
      return;
    }
    long[] before = counts.clone();
    Arrays.fill(counts, 0);
    for (int i = 0; i < before.length; i++) {
      counts[((i - SIDE) >> doublings) + SIDE] += before[i];
    }
  }

  /** The number below which this fraction of all lies, taking each bin as evenly filled. */
  double quantile(double fraction) {
    double rank = fraction * total;
    double below = 0;
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0 && below + counts[i] >= rank) {
        return (i - SIDE + (rank - below) / counts[i]) * width();
      }
      below += counts[i];
    }
    return SIDE * width();
  }
}
