package dev.hone.onnx.quantize;

/**
 * The integers that a quantized value may take: all from {@code min} to {@code max}.
 *
 * @param min the least
 * @param max the greatest
 */
public record Grid(int min, int max) {
  /** A signed byte without -128, so that both signs reach equally far. */
  public static final Grid INT8_SYMMETRIC = new Grid(-127, 127);

  /**
   * Seven bits with sign. Two products with unsigned bytes then fit 16 bits: 2 · 255 · 64 = 32640,
   * so that instructions which add pairs in 16 bits never saturate.
   */
  public static final Grid INT8_REDUCED = new Grid(-64, 64);

  /** All of an unsigned byte. */
  public static final Grid UINT8 = new Grid(0, 255);

  /** Refuses a grid without two points. */
  public Grid {
    if (min >= max) {
      throw new IllegalArgumentException(
          "A grid needs its least below its greatest integer, but they are "
              + min
              + " and "
              + max
              + ".");
    }
  }

  /** The number of steps from the least to the greatest: one less than the number of integers. */
  public int steps() {
    return max - min;
  }

  /** The nearest integer of this grid. */
  public int clamp(long value) {
    return (int) Math.max(min, Math.min(max, value));
  }
}
