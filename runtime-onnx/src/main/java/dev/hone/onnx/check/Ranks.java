package dev.hone.onnx.check;

import java.util.Arrays;

/**
 * Spearman's rank correlation: Pearson's correlation of the ranks, where equal values share the
 * mean of their ranks.
 */
final class Ranks {
  private Ranks() {}

  /** The correlation, or NaN if one side is constant or there are fewer than two values. */
  static double correlation(float[] x, float[] y) {
    float[] rankX = ranks(x);
    float[] rankY = ranks(y);
    double mean = (x.length - 1) / 2.0;
    double covariance = 0;
    double varianceX = 0;
    double varianceY = 0;
    for (int i = 0; i < x.length; i++) {
      double dx = rankX[i] - mean;
      double dy = rankY[i] - mean;
      covariance += dx * dy;
      varianceX += dx * dx;
      varianceY += dy * dy;
    }
    return covariance / Math.sqrt(varianceX * varianceY);
  }

  /** The ranks from 0, as floats: those of up to a few million values are exact. */
  private static float[] ranks(float[] values) {
    long[] order = new long[values.length];
    for (int i = 0; i < values.length; i++) {
      order[i] = (long) sortable(values[i]) << 32 | i;
    }
    Arrays.sort(order);
    float[] ranks = new float[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from + 1;
      while (to < order.length && order[to] >> 32 == order[from] >> 32) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[(int) order[i]] = (from + to - 1) / 2f;
      }
      from = to;
    }
    return ranks;
  }

  /** An integer that orders as the float does; both zeros are one. */
  private static int sortable(float value) {
    int bits = Float.floatToIntBits(value + 0f);
    return bits ^ (bits >> 31 & Integer.MAX_VALUE);
  }
}
