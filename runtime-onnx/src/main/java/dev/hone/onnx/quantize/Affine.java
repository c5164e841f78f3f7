package dev.hone.onnx.quantize;

/**
 * How real numbers stand for integers of a {@link Grid}: {@code real = scale · (integer -
 * zeroPoint)}.
 *
 * <p><b>Parameters from a range.</b> Let {@code [lo, hi]} hold the values, widened to hold 0, which
 * must be exact because padding and ReLU produce it. With {@code n} steps in the grid,
 *
 * <pre>
 *   asymmetric:  scale = (hi - lo) / n               zeroPoint = round(min - lo / scale)
 *   symmetric:   scale = 2 max(-lo, hi) / n          zeroPoint = round((min + max) / 2)
 * </pre>
 *
 * computed in double precision, the scale then rounded to a float. All rounding is to nearest, ties
 * to even. A scale below the smallest normal float (all values 0, or next to it) becomes 1 with
 * zero point 0. These are the formulas of ONNX Runtime's quantizer, to the last bit.
 *
 * <p><b>Quantizing.</b> {@code q = clamp(round(x / scale) + zeroPoint)}, the division in single
 * precision.
 *
 * <p><b>Error.</b> Inside the range, {@code |x - real(q)| <= scale / 2}, up to the half step by
 * which a rounded zero point moves the ends of an asymmetric range, and the rounding of the
 * division. For values spread evenly over the steps the mean square error is {@code scale² / 12}.
 * Outside the range the value is clipped to its nearest end.
 *
 * @param scale the distance of neighbouring values, greater than 0
 * @param zeroPoint the integer that stands for 0
 * @param grid the integers
 */
public record Affine(float scale, int zeroPoint, Grid grid) {
  /** Refuses a scale that is not a positive finite number and a zero point outside the grid. */
  public Affine {
    if (!(scale > 0) || Float.isInfinite(scale)) {
      throw new IllegalArgumentException(
          "A scale must be a positive finite number, but is " + scale + ".");
    }
    if (zeroPoint < grid.min() || zeroPoint > grid.max()) {
      throw new IllegalArgumentException(
          "A zero point must lie in " + grid + ", but is " + zeroPoint + ".");
    }
  }

  /**
   * Spends all integers on the range, which need not be centred on 0.
   *
   * @throws IllegalArgumentException if an end is not finite or the ends are in the wrong order
   */
  public static Affine asymmetric(float lo, float hi, Grid grid) {
    requireRange(lo, hi);
    float low = Math.min(lo, 0);
    float high = Math.max(hi, 0);
    double scale = ((double) high - low) / grid.steps();
    if (scale < Float.MIN_NORMAL) {
      return degenerate(grid);
    }
    return new Affine((float) scale, grid.clamp((long) Math.rint(grid.min() - low / scale)), grid);
  }

  /**
   * Centres the range on the middle of the grid; for a signed grid the zero point is 0.
   *
   * @throws IllegalArgumentException if an end is not finite or the ends are in the wrong order
   */
  public static Affine symmetric(float lo, float hi, Grid grid) {
    requireRange(lo, hi);
    float reach = Math.max(Math.abs(Math.min(lo, 0)), Math.abs(Math.max(hi, 0)));
    double scale = ((double) reach - -reach) / grid.steps();
    if (scale < Float.MIN_NORMAL) {
      return degenerate(grid);
    }
    int zeroPoint = (int) Math.rint((grid.min() + grid.max()) / 2.0);
    return new Affine((float) scale, zeroPoint, grid);
  }

  /** Symmetric, over the range of the values, which are finite. */
  static Affine around0(float[] values, Grid grid) {
    float reach = 0;
    for (float value : values) {
      reach = Math.max(reach, Math.abs(value));
    }
    return symmetric(-reach, reach, grid);
  }

  private static Affine degenerate(Grid grid) {
    return new Affine(1, grid.clamp(0), grid);
  }

  private static void requireRange(float lo, float hi) {
    if (!Float.isFinite(lo) || !Float.isFinite(hi) || lo > hi) {
      throw new IllegalArgumentException(
          "A range to quantize must be two finite numbers in order, but is "
              + lo
              + " to "
              + hi
              + ". Look for NaN or infinite weights or calibration data.");
    }
  }

  /** The integer for a number; NaN becomes the zero point. */
  public int quantize(float value) {
    return grid.clamp((long) Math.rint(value / scale) + zeroPoint);
  }

  /** The number that an integer stands for. */
  public float dequantize(int integer) {
    return scale * (integer - zeroPoint);
  }
}
