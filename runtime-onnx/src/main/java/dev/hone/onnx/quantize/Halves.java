package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Half-precision floats (IEEE 754 binary16) as models store them. */
final class Halves {
  /** The greatest finite one. */
  static final float GREATEST = 65504;

  /** The least above 0 with full precision. */
  static final float LEAST_NORMAL = 0x1p-14f;

  /** The least above 0. */
  static final float LEAST = 0x1p-24f;

  private Halves() {}

  /**
   * Rounds floats to nearest, ties to even, and stores them.
   *
   * @param into gets them, little-endian, from byte {@code offset} on
   * @return what they became
   */
  static float[] store(float[] values, ByteBuffer into, int offset) {
    ByteBuffer slice =
        into.slice(offset, values.length * Short.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    try (Tensor halves = Tensor.wrap(DataType.FLOAT16, Shape.of(values.length), slice)) {
      halves.copyFrom(values);
      return halves.toFloatArray();
    }
  }
}
