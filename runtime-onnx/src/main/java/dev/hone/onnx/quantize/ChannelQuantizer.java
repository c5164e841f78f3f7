package dev.hone.onnx.quantize;

/**
 * Quantizes a weight matrix, with parameters for the whole, for each column or for each row.
 *
 * <p>A matrix product {@code y = x W} needs one scale for each output, so the columns of W: {@code
 * y_j = s_x s_j Σ_i xq_i wq_ij}. The scale leaves the sum. A convolution's outputs are the first
 * dimension of its weights: rows. Within a channel of greatest magnitude a, quantized symmetrically
 * to {@code n} steps, the mean square error is {@code (2a / n)² / 12}.
 */
public final class ChannelQuantizer {
  private ChannelQuantizer() {}

  /** Which values share a scale. */
  public enum Granularity {
    /** All. */
    TENSOR,
    /** Those of one column. */
    COLUMN,
    /** Those of one row. */
    ROW
  }

  /**
   * Quantizes symmetrically.
   *
   * @param weights the matrix, row by row
   * @param columns its columns
   * @param granularity which values share a scale
   * @param grid the integers, signed
   */
  public static QuantizedMatrix symmetric(
      float[] weights, int columns, Granularity granularity, Grid grid) {
    int rows = rows(weights, columns);
    int channels =
        switch (granularity) {
          case TENSOR -> 1;
          case COLUMN -> columns;
          case ROW -> rows;
        };
    float[] lo = new float[channels];
    float[] hi = new float[channels];
    for (int i = 0; i < weights.length; i++) {
      requireFinite(weights[i], i, columns);
      int channel = channel(i, columns, granularity);
      lo[channel] = Math.min(lo[channel], weights[i]);
      hi[channel] = Math.max(hi[channel], weights[i]);
    }
    Affine[] affine = new Affine[channels];
    for (int c = 0; c < channels; c++) {
      affine[c] = Affine.symmetric(lo[c], hi[c], grid);
    }
    byte[] values = new byte[weights.length];
    for (int i = 0; i < weights.length; i++) {
      values[i] = (byte) affine[channel(i, columns, granularity)].quantize(weights[i]);
    }
    return QuantizedMatrix.of(values, columns, granularity, affine);
  }

  static int channel(int index, int columns, Granularity granularity) {
    return switch (granularity) {
      case TENSOR -> 0;
      case COLUMN -> index % columns;
      case ROW -> index / columns;
    };
  }

  static int rows(float[] weights, int columns) {
    if (columns < 1 || weights.length % columns != 0) {
      throw new IllegalArgumentException(
          weights.length + " weights do not make rows of " + columns + " columns.");
    }
    return weights.length / columns;
  }

  static void requireFinite(float weight, int index, int columns) {
    if (!Float.isFinite(weight)) {
      throw new IllegalArgumentException(
          "Weights must be finite to be quantized, but row "
              + index / columns
              + ", column "
              + index % columns
              + " is "
              + weight
              + ". The model was damaged before it came here.");
    }
  }
}
