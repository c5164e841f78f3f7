package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;

/** Half-precision floats (IEEE 754 binary16) as models store them. */
final class Halves {
  /** The greatest finite one. */
  static final float GREATEST = 65504;

  /** The least above 0 with full precision. */
  static final float LEAST_NORMAL = 0x1p-14f;

  /** The least above 0. */
  static final float LEAST = 0x1p-24f;

  private static final int CHUNK = 1 << 14;

  private Halves() {}

  /**
   * A tensor of floats, of less than 2 GiB, as halves. Nothing but 0 becomes 0: what is smaller
   * than half of the least half becomes that least, with its sign, for it may be a divisor.
   *
   * @param quality gets the finite elements and what became of them
   */
  static TensorData of(TensorData floats, SignalToNoise quality) {
    int elements = (int) floats.shape().elementCount();
    ByteBuffer halves = TensorData.littleEndian((long) Short.BYTES * elements);
    for (int from = 0; from < elements; from += CHUNK) {
      int count = Math.min(CHUNK, elements - from);
      float[] values = new float[count];
      floats.bytes((long) from * Float.BYTES, count * Float.BYTES).asFloatBuffer().get(values);
      float[] rounded = store(kept(values), halves, from * Short.BYTES);
      for (int i = 0; i < count; i++) {
        if (Float.isFinite(values[i])) {
          quality.add(values[i], rounded[i]);
        }
      }
    }
    return TensorData.of("", DataType.FLOAT16, floats.shape(), halves);
  }

  /** A copy in which nothing but 0 will be rounded to 0. */
  private static float[] kept(float[] values) {
    float[] kept = values.clone();
    for (int i = 0; i < kept.length; i++) {
      if (kept[i] != 0 && Math.abs(kept[i]) < LEAST) {
        kept[i] = Math.copySign(LEAST, kept[i]);
      }
    }
    return kept;
  }

  /** The first finite element of a tensor of floats that no half can hold; 0 if there is none. */
  static float beyond(TensorData floats) {
    FloatBuffer values = floats.bytes().asFloatBuffer();
    while (values.hasRemaining()) {
      float value = values.get();
      if (Math.abs(value) > GREATEST && Float.isFinite(value)) {
        return value;
      }
    }
    return 0;
  }

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
