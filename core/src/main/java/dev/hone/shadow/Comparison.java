package dev.hone.shadow;

import java.util.Arrays;

/*
 * All divergences are 0 for equal rows, whatever is in them, and grow with the difference, for one
 * row of an output:
 *
 *   COSINE   1 - a.b / (|a| |b|)     over the whole row; two zero rows agree, one alone does not
 *   TOP1     share of last-axis vectors whose largest element is at another place
 *   KL       mean over last-axis vectors of sum_i p_i ln(p_i / q_i), in nats, where p and q are the
 *            softmax of the baseline's and the fast model's vector (Kullback and Leibler 1951);
 *            what the baseline rules out, p_i = 0, adds nothing
 *   MAX_ABS  max_i |a_i - b_i|
 *
 * A value that is not a number makes rows that are not equal infinitely far apart; for TOP1, which
 * takes the first such value for the largest element, it makes them differ by 1 for that vector.
 */

/** How two outputs are compared; which one fits depends on what the output is. */
public enum Comparison {
  /** The angle, for embeddings. From 0 (same direction) to 2. */
  COSINE(0.01),
  /** The place of the largest element, for classes. 0 or 1, or a share for several vectors. */
  TOP1(0),
  /** The distance of the distributions, for scores before the softmax. In nats, from 0 on. */
  KL(0.05),
  /** The largest difference, for measured quantities. In the output's own unit. */
  MAX_ABS(1e-3);

  private final double usualLimit;

  Comparison(double usualLimit) {
    this.usualLimit = usualLimit;
  }

  /** Up to this, outputs agree, unless a policy or a reference says otherwise. */
  public double usualLimit() {
    return usualLimit;
  }

  /**
   * How far one row is apart.
   *
   * @param fast elements of the fast model's output
   * @param baseline elements of the baseline's
   * @param from where the row begins
   * @param length its elements
   * @param vector the length of the last axis, a divisor of {@code length}
   */
  double divergence(float[] fast, float[] baseline, int from, int length, int vector) {
    if (Arrays.equals(fast, from, from + length, baseline, from, from + length)) {
      return 0; // NaN in both is no disagreement: an empty row may well give it
    }
    double divergence =
        switch (this) {
          case COSINE -> cosine(fast, baseline, from, length);
          case MAX_ABS -> maxAbs(fast, baseline, from, length);
          case TOP1, KL -> {
            double sum = 0;
            for (int at = from; at < from + length; at += vector) {
              sum +=
                  this == TOP1 ? top1(fast, baseline, at, vector) : kl(fast, baseline, at, vector);
            }
            yield length == 0 ? 0 : sum * vector / length;
          }
        };
    return Double.isNaN(divergence) ? Double.POSITIVE_INFINITY : divergence;
  }

  private static double cosine(float[] a, float[] b, int from, int length) {
    double dot = 0;
    double aa = 0;
    double bb = 0;
    for (int i = from; i < from + length; i++) {
      dot += (double) a[i] * b[i];
      aa += (double) a[i] * a[i];
      bb += (double) b[i] * b[i];
    }
    if (aa == 0 || bb == 0) {
      return aa == bb ? 0 : 1;
    }
    return Math.max(0, 1 - dot / Math.sqrt(aa * bb));
  }

  private static double maxAbs(float[] a, float[] b, int from, int length) {
    double max = 0;
    for (int i = from; i < from + length; i++) {
      max = Math.max(max, a[i] == b[i] ? 0 : Math.abs((double) a[i] - b[i]));
    }
    return max;
  }

  private static double top1(float[] a, float[] b, int from, int length) {
    return largest(a, from, length) == largest(b, from, length) ? 0 : 1;
  }

  /** Where the largest element is; the first that is not a number, if there is one. */
  private static int largest(float[] values, int from, int length) {
    int largest = from;
    for (int i = from; i < from + length && !Float.isNaN(values[largest]); i++) {
      if (!(values[i] <= values[largest])) {
        largest = i;
      }
    }
    return largest;
  }

  private static double kl(float[] q, float[] p, int from, int length) {
    double lnSumP = lnSumExp(p, from, length);
    double lnSumQ = lnSumExp(q, from, length);
    double kl = 0;
    for (int i = from; i < from + length; i++) {
      double lnP = p[i] - lnSumP;
      double probability = Math.exp(lnP);
      kl += probability == 0 ? 0 : probability * (lnP - (q[i] - lnSumQ));
    }
    return Math.max(0, kl);
  }

  /** The logarithm of the denominator of a softmax. */
  static double lnSumExp(float[] values, int from, int length) {
    double max = Double.NEGATIVE_INFINITY;
    for (int i = from; i < from + length; i++) {
      max = Math.max(max, values[i]);
    }
    double sum = 0;
    for (int i = from; i < from + length; i++) {
      sum += Math.exp(values[i] - max);
    }
    return max + Math.log(sum);
  }
}
