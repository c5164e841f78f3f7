package dev.hone.onnx.quantize;

import java.util.Arrays;

/** Finds codes, scale and zero point for one block. Not thread-safe. */
@FunctionalInterface
interface BlockFit {
  /**
   * Round to nearest, asymmetric: the range of the block, widened to hold 0, over all codes. The
   * parameters are those of {@link Affine#asymmetric}.
   */
  BlockFit ROUND_TO_NEAREST =
      (block, importance, greatest) -> {
        float lo = 0;
        float hi = 0;
        for (float x : block) {
          lo = Math.min(lo, x);
          hi = Math.max(hi, x);
        }
        Affine affine = Affine.asymmetric(lo, hi, new Grid(0, greatest));
        return Fit.of(block, affine.scale(), affine.zeroPoint(), greatest);
      };

  /**
   * Round to nearest, symmetric: the weight of greatest magnitude gets the most negative code,
   * which has no positive counterpart. So {@code scale = -peak / 2^(bits-1)} may be negative, and
   * the zero point is the middle, {@code 2^(bits-1)}.
   */
  BlockFit SYMMETRIC =
      (block, importance, greatest) -> {
        float peak = 0;
        for (float x : block) {
          peak = Math.abs(x) > Math.abs(peak) ? x : peak;
        }
        int middle = (greatest + 1) / 2;
        float scale = -peak / middle;
        return Math.abs(scale) < Float.MIN_NORMAL
            ? Fit.zeros(block.length, middle)
            : Fit.of(block, scale, middle, greatest);
      };

  /**
   * Fits one block.
   *
   * @param block the weights
   * @param importance how much each weight's square error counts; greater than 0
   * @param greatest the greatest code: 15 or 255
   */
  Fit fit(float[] block, float[] importance, int greatest);

  /**
   * The outcome: element i is {@code scale · (codes[i] - zeroPoint)}.
   *
   * @param scale the distance of neighbouring codes; 0 only where all elements are
   * @param zeroPoint the code of 0
   * @param codes a code for each weight
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Fit(float scale, int zeroPoint, int[] codes) {
    /**
     * Zeros. Their scale is 0, because kernels subtract the middle after they have summed up, which
     * rounds: what any other scale makes of that is not 0.
     */
    static Fit zeros(int count, int zeroPoint) {
      int[] codes = new int[count];
      Arrays.fill(codes, zeroPoint);
      return new Fit(0, zeroPoint, codes);
    }

    /** Rounds each weight to its nearest code. */
    static Fit of(float[] block, float scale, int zeroPoint, int greatest) {
      int[] codes = new int[block.length];
      for (int i = 0; i < codes.length; i++) {
        codes[i] = code(block[i], scale, zeroPoint, greatest);
      }
      return new Fit(scale, zeroPoint, codes);
    }

    static int code(float value, float scale, float zeroPoint, int greatest) {
      return (int) Math.max(0, Math.min(greatest, Math.rint(value / scale + zeroPoint)));
    }

    /** What a code stands for. */
    float value(int i) {
      return scale * (codes[i] - zeroPoint);
    }
  }
}
