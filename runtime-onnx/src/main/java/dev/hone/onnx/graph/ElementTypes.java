package dev.hone.onnx.graph;

import dev.hone.DataType;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that ONNX gives to element types ({@code TensorProto.DataType}), as far as IR version
 * 13 knows them, with those that no tensor of Hone can hold.
 */
final class ElementTypes {
  static final int STRING = 8;

  private static final @Nullable DataType[] TYPES = {
    null,
    DataType.FLOAT32,
    DataType.UINT8,
    DataType.INT8,
    DataType.UINT16,
    DataType.INT16,
    DataType.INT32,
    DataType.INT64,
    DataType.STRING,
    DataType.BOOL,
    DataType.FLOAT16,
    DataType.FLOAT64,
    DataType.UINT32,
    DataType.UINT64,
    null, // COMPLEX64
    null, // COMPLEX128
    DataType.BFLOAT16,
    null, // FLOAT8E4M3FN
    null, // FLOAT8E4M3FNUZ
    null, // FLOAT8E5M2
    null, // FLOAT8E5M2FNUZ
    DataType.UINT4,
    DataType.INT4,
    null, // FLOAT4E2M1
    null, // FLOAT8E8M0
    null, // UINT2
    null, // INT2
  };

  private static final int[] BITS = {
    0, 32, 8, 8, 16, 16, 32, 64, 0, 8, 16, 64, 32, 64, 64, 128, 16, 8, 8, 8, 8, 4, 4, 4, 8, 2, 2
  };

  private ElementTypes() {}

  /** Whether ONNX knows this number. */
  static boolean isKnown(int code) {
    return code > 0 && code < TYPES.length;
  }

  /** The type of this number, or null if Hone has none for it. */
  static @Nullable DataType type(int code) {
    return isKnown(code) ? TYPES[code] : null;
  }

  /** The number of this type. */
  static int code(DataType type) {
    for (int code = 1; code < TYPES.length; code++) {
      if (TYPES[code] == type) {
        return code;
      }
    }
    throw new IllegalArgumentException("ONNX has no element type " + type + ".");
  }

  /**
   * The bytes that {@code elements} elements take.
   *
   * @throws ArithmeticException if the number does not fit a {@code long}
   */
  static long byteSize(int code, long elements) {
    int bits = isKnown(code) ? BITS[code] : 0;
    if (bits >= Byte.SIZE) {
      return Math.multiplyExact(elements, bits / (long) Byte.SIZE);
    }
    if (bits == 0) {
      return 0;
    }
    long perByte = Byte.SIZE / (long) bits;
    return elements / perByte + (elements % perByte == 0 ? 0 : 1);
  }

  /** For messages: the type's name, or its number. */
  static String name(int code) {
    DataType type = type(code);
    return type != null ? type.toString() : "type " + code;
  }
}
