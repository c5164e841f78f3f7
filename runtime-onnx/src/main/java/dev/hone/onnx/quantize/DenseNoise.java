package dev.hone.onnx.quantize;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

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
 * Only the {@value #LOUD} loudest channels may be divided. So the squares of each row and the
 * greatest weight of each column among the other channels are found once, and E(s) takes a look at
 * the rows of the loud ones only.
 */
final class DenseNoise {
  /** The most channels that can be divided. */
  static final int LOUD = 128;

  private final DenseInput input;
  private final List<float[]> matrices;
  private final List<float[]> quietPeaks;
  private final int[] loud;
  private final double[] rowSquares;

  /** The noise of products of a value of known channels with these matrices, row by row. */
  DenseNoise(DenseInput input, List<float[]> matrices) {
    this.input = input;
    this.matrices = matrices;
    int channels = input.lo().length;
    int[] order =
        IntStream.range(0, channels)
            .boxed()
            .sorted(Comparator.comparing(i -> -input.reach(i)))
            .mapToInt(Integer::intValue)
            .toArray();
    int split = Math.min(LOUD, channels);
    this.loud = Arrays.copyOf(order, split);
    int[] quiet = Arrays.copyOfRange(order, split, channels);
    float[] ones = ones(channels);
    this.quietPeaks =
        matrices.stream().map(m -> raise(new float[m.length / channels], m, quiet, ones)).toList();
    this.rowSquares = new double[channels];
    matrices.forEach(matrix -> addRowSquares(matrix, rowSquares));
  }

  static float[] ones(int length) {
    float[] ones = new float[length];
    Arrays.fill(ones, 1);
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

  /** The channels that may be divided, the loudest first. */
  int[] loud() {
    return loud.clone();
  }

  /** E(s). */
  double of(float[] divisors) {
    double scaled = 0;
    double energy = 0;
    for (int i = 0; i < rowSquares.length; i++) {
      double square = (double) divisors[i] * divisors[i];
      scaled += square * rowSquares[i];
      energy += input.meanSquare()[i] / square;
    }
    double step = input.step(divisors);
    return step * step / 12 * scaled + columnTerm(divisors) * energy;
  }

  /** The mean square of the outputs themselves, if the channels of the value are independent. */
  double signal() {
    double sum = 0;
    for (int i = 0; i < rowSquares.length; i++) {
      sum += input.meanSquare()[i] * rowSquares[i];
    }
    return sum;
  }

  /** The sum of t_j²/12 over all columns. */
  private double columnTerm(float[] divisors) {
    double sum = 0;
    for (int m = 0; m < matrices.size(); m++) {
      float[] peaks = quietPeaks.get(m).clone();
      for (float peak : raise(peaks, matrices.get(m), loud, divisors)) {
        double step = peak / Grid.INT8_SYMMETRIC.max();
        sum += step * step / 12;
      }
    }
    return sum;
  }

  /** Raises the peak of each column to the greatest weight in some rows. */
  private static float[] raise(float[] peaks, float[] matrix, int[] rows, float[] divisors) {
    for (int row : rows) {
      float divisor = divisors[row];
      int from = row * peaks.length;
      for (int j = 0; j < peaks.length; j++) {
        peaks[j] = Math.max(peaks[j], Math.abs(divisor * matrix[from + j]));
      }
    }
    return peaks;
  }
}
