package dev.hone.onnx.check;

import dev.hone.Batch;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * One vector for each row of an output: the mean over the positions that the attention mask counts
 * where the output is {@code [rows, positions, features]} and the inputs hold a mask of {@code
 * [rows, positions]}, and otherwise all values of the row.
 */
final class RowVectors {
  private RowVectors() {}

  /** The vectors of a floating-point output. */
  static float[][] of(Tensor output, Batch in) {
    float[] values = output.toFloatArray();
    Shape shape = output.shape();
    int rows = shape.rank() == 0 ? 1 : Math.toIntExact(shape.rows());
    int width = rows == 0 ? 0 : values.length / rows;
    long[] mask = shape.rank() == 3 ? mask(in, shape) : null;
    float[][] vectors = new float[rows][];
    for (int row = 0; row < rows; row++) {
      float[] vector = Arrays.copyOfRange(values, row * width, (row + 1) * width);
      int positions = mask == null ? 0 : (int) shape.length(1);
      vectors[row] = mask == null ? vector : mean(vector, mask, row * positions, positions);
    }
    return vectors;
  }

  private static long @Nullable [] mask(Batch in, Shape output) {
    for (int i = 0; i < in.size(); i++) {
      Tensor tensor = in.tensor(i);
      Shape shape = tensor.shape();
      boolean fits =
          shape.rank() == 2
              && shape.length(0) == output.length(0)
              && shape.length(1) == output.length(1);
      if (fits && in.name(i).toLowerCase(Locale.ROOT).contains("mask")) {
        return longs(tensor);
      }
    }
    return null;
  }

  private static long[] longs(Tensor tensor) {
    if (!tensor.type().isFloatingPoint()) {
      return tensor.toLongArray();
    }
    float[] floats = tensor.toFloatArray();
    long[] longs = new long[floats.length];
    for (int i = 0; i < longs.length; i++) {
      longs[i] = floats[i] > 0 ? 1 : 0;
    }
    return longs;
  }

  private static float[] mean(float[] row, long[] mask, int maskStart, int positions) {
    int features = positions == 0 ? 0 : row.length / positions;
    double[] sum = new double[features];
    int count = 0;
    for (int position = 0; position < positions; position++) {
      if (mask[maskStart + position] != 0) {
        count++;
        for (int i = 0; i < features; i++) {
          sum[i] += row[position * features + i];
        }
      }
    }
    float[] mean = new float[features];
    for (int i = 0; i < features; i++) {
      mean[i] = (float) (sum[i] / Math.max(1, count));
    }
    return mean;
  }
}
