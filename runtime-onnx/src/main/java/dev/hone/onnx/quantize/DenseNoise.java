package dev.hone.onnx.quantize;

import java.util.List;

/**
 * The mean square error that integers bring into the products of one value, summed over all their
 * columns, as a function of what the value's channels are divided by.
 *
 * <p>Dividing channel i of x by s_i and multiplying row i of W by it leaves {@code x W} as it is
 * and moves the rounding. With d the distance of neighbouring integers of the divided value and
 * {@code t_j = max_i |s_i W_ij| / 127} that of column j, both rounding errors evenly spread,
 *
 * <pre>
 *   E(s) = d(s)²/12 Σ_ij (s_i W_ij)²  +  Σ_j t_j(s)²/12 Σ_i E[x_i²] / s_i²
 * </pre>
 *
 * A bound from below that needs no look at W: its rows' squares are summed beforehand, and for
 * {@code s >= 1} no t_j is smaller than that of s = 1.
 */
final class DenseNoise {
  private final DenseInput input;
  private final List<float[]> matrices;
  private final double[] rowSquares;
  private final double leastColumnTerm;

  /** The noise of products of a value of known channels with these matrices, row by row. */
  DenseNoise(DenseInput input, List<float[]> matrices) {
    this.input = input;
    this.matrices = matrices;
    this.rowSquares = new double[input.lo().length];
    for (float[] matrix : matrices) {
      addRowSquares(matrix, rowSquares);
    }
    this.leastColumnTerm = columnTerm(ones(rowSquares.length));
  }

  static float[] ones(int length) {
    float[] ones = new float[length];
    java.util.Arrays.fill(ones, 1);
    return ones;
  }

  /** Adds to each row's sum the squares of its weights. */
  static void addRowSquares(float[] matrix, double[] sums) {
    int outputs = matrix.length / sums.length;
    for (int i = 0; i < sums.length; i++) {
      double sum = 0;
      for (int k = i * outputs; k < (i + 1) * outputs; k++) {
        sum += (double) matrix[k] * matrix[k];
      }
      sums[i] += sum;
    }
  }

  /** E(s). */
  double of(float[] divisors) {
    return inputTerm(divisors) + columnTerm(divisors) * energy(divisors);
  }

  /** No more than E(s), for s of at least 1. */
  double atLeast(float[] divisors) {
    return inputTerm(divisors) + leastColumnTerm * energy(divisors);
  }

  /** The mean square of the outputs themselves, if the channels of the value are independent. */
  double signal() {
    double sum = 0;
    for (int i = 0; i < rowSquares.length; i++) {
      sum += input.meanSquare()[i] * rowSquares[i];
    }
    return sum;
  }

  private double inputTerm(float[] divisors) {
    double sum = 0;
    for (int i = 0; i < rowSquares.length; i++) {
      sum += (double) divisors[i] * divisors[i] * rowSquares[i];
    }
    double step = input.step(divisors);
    return step * step / 12 * sum;
  }

  private double energy(float[] divisors) {
    double sum = 0;
    for (int i = 0; i < rowSquares.length; i++) {
      sum += input.meanSquare()[i] / ((double) divisors[i] * divisors[i]);
    }
    return sum;
  }

  /** The sum of t_j²/12 over all columns. */
  private double columnTerm(float[] divisors) {
    double sum = 0;
    for (float[] matrix : matrices) {
      int outputs = matrix.length / divisors.length;
      float[] peaks = new float[outputs];
      for (int i = 0; i < divisors.length; i++) {
        float divisor = divisors[i];
        for (int j = 0; j < outputs; j++) {
          peaks[j] = Math.max(peaks[j], Math.abs(divisor * matrix[i * outputs + j]));
        }
      }
      for (float peak : peaks) {
        double step = peak / Grid.INT8_SYMMETRIC.max();
        sum += step * step / 12;
      }
    }
    return sum;
  }
}
