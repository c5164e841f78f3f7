package dev.hone.onnx.quantize;

import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.Arrays;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/**
 * Rounds the weights of a matrix product so that their errors make up for each other, as far as its
 * inputs are correlated.
 *
 * <p><b>What is lost.</b> Let e be the errors of one column's weights. Over the inputs x of the
 * calibration data the outputs are off by {@code Σ (xᵀe)² = eᵀHe}, with the Gram matrix {@code H =
 * Σ x xᵀ}. Rounding each weight to the nearest integer makes each e_k small, but not this.
 *
 * <p><b>How.</b> {@code H = U D Uᵀ}, U triangular with ones on its diagonal and nothing below, D
 * diagonal and positive, turns the loss into a sum of squares:
 *
 * <pre>
 *   eᵀHe = Σ_k D_k r_k²       r_k = e_k + Σ_{i&lt;k} U_ik e_i
 * </pre>
 *
 * So the weights are rounded one after the other, each after what those before it left to make up:
 *
 * <pre>
 *   ŵ_k = round(w_k - Σ_{i&lt;k} U_ik e_i)        e_k = ŵ_k - w_k
 * </pre>
 *
 * which is the algorithm of GPTQ (Frantar et al., 2022) in the form of LDLQ (Chee et al., QuIP,
 * 2023).
 *
 * <p><b>Error.</b> With a step t, {@code |r_k| <= t/2} unless the weight is clipped, so {@code eᵀHe
 * <= t²/4 Σ D_k}; for rounding to nearest the same bound has {@code Σ H_kk} in place of {@code Σ
 * D_k}, and {@code D_k <= H_kk}, with equality only where inputs are uncorrelated. The inputs of
 * greatest energy come first, when nothing has to be made up yet.
 *
 * <p><b>Damping.</b> A share λ of the mean of the diagonal is added to all of it. It stands for the
 * inputs that were not among the data, keeps D positive where H has no full rank, and bounds how
 * far a weight moves. Results hardly change for λ between 0.01 and 0.1 (measured, MiniLM and BGE).
 */
final class CompensatedRounding {
  /**
   * Inputs with more channels are not worth it: the Gram matrix takes eight bytes for each pair of
   * them, and time for each pair and row.
   */
  static final int MOST_CHANNELS = 1024;

  private static final double DAMPING = 0.1;

  /** Rows of the matrix in the order in which they are rounded. */
  private final int[] order;

  /** Row k: what the rows before k, in that order, hand on to it. */
  private final float[][] shares;

  private CompensatedRounding(int[] order, float[][] shares) {
    this.order = order;
    this.shares = shares;
  }

  /**
   * For products of one input.
   *
   * @param gram the Gram matrix of the input, row by row
   * @param divisors what each channel of the input is divided by before it is multiplied
   * @return null where the input was 0 all along
   */
  static @Nullable CompensatedRounding of(double[] gram, float[] divisors) {
    int length = divisors.length;
    if (gram.length != length * length) {
      throw new IllegalArgumentException(
          length + " channels have a Gram matrix of " + length * length + ", not " + gram.length);
    }
    double mean = 0;
    for (int i = 0; i < length; i++) {
      mean += gram[i * length + i] / divisors[i] / divisors[i] / length;
    }
    if (!(mean > 0)) {
      return null;
    }
    int[] order = order(gram, divisors);
    double[][] lower = new double[length][];
    for (int i = 0; i < length; i++) {
      lower[i] = new double[i + 1];
      int from = order[i];
      for (int j = 0; j <= i; j++) {
        int to = order[j];
        lower[i][j] = gram[from * length + to] / divisors[from] / divisors[to];
      }
      lower[i][i] += DAMPING * mean;
    }
    return new CompensatedRounding(order, shares(lower));
  }

  /** Channels by falling energy; the earlier one first where they are equal. */
  private static int[] order(double[] gram, float[] divisors) {
    int length = divisors.length;
    Integer[] order = new Integer[length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(
        order,
        Comparator.comparingDouble(
            i -> -gram[i * length + i] / divisors[i] / divisors[i])); // stable
    return Arrays.stream(order).mapToInt(i -> i).toArray();
  }

  /**
   * U without its diagonal, column k as row k. Gaussian elimination from the last row to the first;
   * it works on the lower half of the symmetric matrix, where all rows lie together in memory.
   */
  private static float[][] shares(double[][] lower) {
    float[][] shares = new float[lower.length][];
    for (int k = lower.length - 1; k >= 0; k--) {
      double[] pivot = lower[k];
      float[] share = new float[k];
      for (int i = 0; i < k; i++) {
        double factor = pivot[i] / pivot[k];
        share[i] = (float) factor;
        subtract(lower[i], factor, pivot, i + 1);
      }
      shares[k] = share;
    }
    return shares;
  }

  private static void subtract(double[] from, double factor, double[] row, int count) {
    for (int j = 0; j < count; j++) {
      from[j] -= factor * row[j];
    }
  }

  /**
   * Quantizes symmetrically, with one scale for each column: the scales of {@link
   * ChannelQuantizer}, and integers that make up for each other.
   *
   * @param weights the matrix, row by row, its rows multiplied by the divisors
   * @param columns its columns
   */
  QuantizedMatrix quantize(float[] weights, int columns, Grid grid) {
    QuantizedMatrix nearest =
        ChannelQuantizer.symmetric(weights, columns, Granularity.COLUMN, grid);
    if (nearest.rows() != order.length) {
      throw new IllegalArgumentException(
          "An input of " + order.length + " channels meets " + nearest.rows() + " rows.");
    }
    byte[] values = new byte[weights.length];
    float[][] errors = new float[order.length][columns];
    float[] target = new float[columns];
    for (int k = 0; k < order.length; k++) {
      int from = order[k] * columns;
      System.arraycopy(weights, from, target, 0, columns);
      for (int i = 0; i < k; i++) {
        subtract(target, shares[k][i], errors[i]);
      }
      float[] error = errors[k];
      for (int j = 0; j < columns; j++) {
        float scale = nearest.scales()[j];
        int integer = grid.clamp((long) Math.rint(target[j] / scale));
        values[from + j] = (byte) integer;
        error[j] = scale * integer - weights[from + j];
      }
    }
    return new QuantizedMatrix(
        values, columns, Granularity.COLUMN, nearest.scales(), nearest.zeroPoints(), grid);
  }

  private static void subtract(float[] from, float factor, float[] row) {
    for (int j = 0; j < from.length; j++) {
      from[j] -= factor * row[j];
    }
  }
}
