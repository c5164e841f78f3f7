package dev.hone.onnx.quantize;

/** Lays small integers out in bytes. Two nibbles share a byte, the first in the low half. */
final class Packing {
  private Packing() {}

  /** Bytes that so many integers of 4 or 8 bits take. */
  static int byteCount(int count, int bits) {
    return bits == 8 ? count : (count + 1) / 2;
  }

  /** Writes one integer of 4 or 8 bits as element {@code index} of the part from {@code offset}. */
  static void put(byte[] target, int offset, int index, int bits, int value) {
    if (bits == 8) {
      target[offset + index] = (byte) value;
      return;
    }
    int at = offset + index / 2;
    int shift = (index & 1) * 4;
    target[at] = (byte) ((target[at] & ~(0xf << shift)) | ((value & 0xf) << shift));
  }

  /** Reads one unsigned integer of 4 or 8 bits. */
  static int get(byte[] source, int offset, int index, int bits) {
    if (bits == 8) {
      return source[offset + index] & 0xff;
    }
    return (source[offset + index / 2] >>> ((index & 1) * 4)) & 0xf;
  }
}
