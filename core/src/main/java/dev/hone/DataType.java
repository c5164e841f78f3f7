package dev.hone;

/**
 * The type of a tensor's elements. Covers every element type of ONNX that a tensor can be fed with.
 *
 * <p>Elements are little-endian. Two four-bit elements share a byte, the first in the low half; a
 * tensor with an odd number of them has an unused high half at its end.
 */
public enum DataType {
  /** IEEE 754 single precision. */
  FLOAT32(32),
  /** IEEE 754 double precision. */
  FLOAT64(64),
  /** IEEE 754 half precision; Java holds it as {@code short} bits. */
  FLOAT16(16),
  /** The upper half of a single-precision float; Java holds it as {@code short} bits. */
  BFLOAT16(16),
  /** Signed integer of 8 bits. */
  INT8(8),
  /** Signed integer of 16 bits. */
  INT16(16),
  /** Signed integer of 32 bits. */
  INT32(32),
  /** Signed integer of 64 bits. */
  INT64(64),
  /** Unsigned integer of 8 bits; Java holds its bits in a {@code byte}. */
  UINT8(8),
  /** Unsigned integer of 16 bits; Java holds its bits in a {@code short}. */
  UINT16(16),
  /** Unsigned integer of 32 bits; Java holds its bits in an {@code int}. */
  UINT32(32),
  /** Unsigned integer of 64 bits; Java holds its bits in a {@code long}. */
  UINT64(64),
  /** Signed integer of 4 bits, two in a byte. */
  INT4(4),
  /** Unsigned integer of 4 bits, two in a byte. */
  UINT4(4),
  /** Truth value in one byte: 0 or 1. */
  BOOL(8),
  /** Text. Held as Java strings, not in off-heap memory. */
  STRING(0);

  private final int bits;

  DataType(int bits) {
    this.bits = bits;
  }

  /** Bits that one element takes, or 0 for {@link #STRING}. */
  public int bits() {
    return bits;
  }

  /**
   * Bytes that {@code elements} elements take, or 0 for {@link #STRING}.
   *
   * @throws ArithmeticException if the number does not fit a {@code long}
   */
  public long byteSize(long elements) {
    return bits == 4 ? elements / 2 + elements % 2 : Math.multiplyExact(elements, bits / 8L);
  }

  /** Whether the elements are floating-point numbers. */
  public boolean isFloatingPoint() {
    return this == FLOAT32 || this == FLOAT64 || this == FLOAT16 || this == BFLOAT16;
  }
}
