package dev.hone.contract;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;

/** Values worth passing through a model: the ends of each type, and what is special in it. */
public final class Samples {
  private static final float[] FLOATS = {
    0f, -0f, 1f, -2.5f, Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, 0x1p-24f
  };
  private static final double[] DOUBLES = {
    0, -0.0, Math.PI, Double.NaN, Double.POSITIVE_INFINITY, Double.MIN_VALUE, -Double.MAX_VALUE
  };
  private static final String[] STRINGS = {
    "",
    "text",
    "Grüße, 世界",
    "\uD83D\uDE42 beyond 16 bits",
    " line\nbreak\t",
    "a longer text that fits no small buffer"
  };

  private Samples() {}

  /** A tensor of this shape with special values of the type, over and over. */
  public static Tensor of(DataType type, long... lengths) {
    Tensor tensor = Tensor.allocate(type, Shape.of(lengths));
    int count = (int) tensor.shape().elementCount();
    switch (type) {
      case FLOAT32, FLOAT16, BFLOAT16 -> {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
          values[i] = FLOATS[i % FLOATS.length];
        }
        tensor.copyFrom(values);
      }
      case FLOAT64 -> {
        double[] values = new double[count];
        for (int i = 0; i < count; i++) {
          values[i] = DOUBLES[i % DOUBLES.length];
        }
        tensor.copyFrom(values);
      }
      case STRING -> {
        String[] values = new String[count];
        for (int i = 0; i < count; i++) {
          values[i] = STRINGS[i % STRINGS.length];
        }
        tensor.copyFrom(values);
      }
      default -> tensor.copyFrom(integers(type, count));
    }
    return tensor;
  }

  private static long[] integers(DataType type, int count) {
    long[] special =
        switch (type) {
          case BOOL -> new long[] {1, 0, 0, 1, 1};
          case INT4, INT8, INT16, INT32, INT64 -> {
            long max = Long.MAX_VALUE >> (64 - type.bits());
            yield new long[] {0, 1, -1, max, -max - 1};
          }
          case UINT64 -> new long[] {0, 1, -1, Long.MAX_VALUE, Long.MIN_VALUE};
          default -> new long[] {0, 1, (1L << type.bits()) - 1, 1L << (type.bits() - 1)};
        };
    long[] values = new long[count];
    for (int i = 0; i < count; i++) {
      values[i] = special[i % special.length];
    }
    return values;
  }

  /** Inputs of {@link ReferenceModel#affine}: small whole numbers, different for each seed. */
  public static Batch affine(int rows, int seed) {
    float[] x = new float[rows * 3];
    for (int i = 0; i < x.length; i++) {
      x[i] = Math.floorMod(31 * i + 17 * seed, 41) - 20;
    }
    return Batch.of("x", Tensor.of(x, rows, 3));
  }
}
