package dev.hone.onnx.quantize;

/**
 * Searches scale and zero point of a block by weighted least squares, after the k-quants of
 * llama.cpp.
 *
 * <p>Round to nearest takes the scale from the two extreme weights, though a slightly smaller or
 * larger one fits the other weights better. Each weight x counts with an importance w: the mean
 * square of what multiplies it, where calibration data told it, else 1. For a candidate scale,
 * rounding gives codes q. For fixed codes the error
 *
 * <pre>
 *   E(s, m) = Σ w (s q + m - x)²
 * </pre>
 *
 * is quadratic in scale s and offset m, and least where, with the weighted sums {@code W = Σw, Q =
 * Σwq, QQ = Σwq², X = Σwx, XQ = Σwxq} and {@code D = W·QQ - Q²},
 *
 * <pre>
 *   s = (W·XQ - X·Q) / D        m = (QQ·X - Q·XQ) / D
 * </pre>
 *
 * The stored zero point is an integer, {@code z = round(-m / s)} within the codes. With z fixed,
 * codes are rounded again and the scale is fitted again, {@code s = Σ w x (q - z) / Σ w (q - z)²};
 * this alternation cannot raise the error. Candidates are {@code s = range / (greatest + d)}, d
 * from -1 to 0.9 in steps of 0.1, and the plain range; the least error of all, measured with what
 * will be stored, wins. It is never worse than round to nearest in its own measure.
 */
final class KQuantFit implements BlockFit {
  private static final int CANDIDATES = 20;
  private static final int ALTERNATIONS = 2;

  @Override
  public Fit fit(float[] block, float[] importance, int greatest) {
    Fit best = ROUND_TO_NEAREST.fit(block, importance, greatest);
    float lo = 0;
    float hi = 0;
    for (float x : block) {
      lo = Math.min(lo, x);
      hi = Math.max(hi, x);
    }
    if (hi - lo < Float.MIN_NORMAL * greatest) {
      return best;
    }
    double least = error(block, importance, best);
    for (int c = 0; c < CANDIDATES; c++) {
      double scale = ((double) hi - lo) / (greatest - 1 + 0.1 * c);
      Fit fit = refine(block, importance, scale, lo, greatest);
      double error = error(block, importance, fit);
      if (error < least) {
        least = error;
        best = fit;
      }
    }
    return best;
  }

  private static Fit refine(
      float[] block, float[] importance, double start, float lo, int greatest) {
    double w = 0;
    double q1 = 0;
    double q2 = 0;
    double x1 = 0;
    double xq = 0;
    for (int i = 0; i < block.length; i++) {
      double q = Math.max(0, Math.min(greatest, Math.rint((block[i] - lo) / start)));
      w += importance[i];
      q1 += (double) importance[i] * q;
      q2 += importance[i] * q * q;
      x1 += importance[i] * block[i];
      xq += importance[i] * block[i] * q;
    }
    double determinant = w * q2 - q1 * q1;
    double scale = determinant > 0 ? (w * xq - x1 * q1) / determinant : start;
    double offset = determinant > 0 ? (q2 * x1 - q1 * xq) / determinant : lo;
    if (!(scale >= Float.MIN_NORMAL)) {
      scale = start;
      offset = lo;
    }
    int zeroPoint = (int) Math.max(0, Math.min(greatest, Math.rint(-offset / scale)));
    Fit fit = Fit.of(block, (float) scale, zeroPoint, greatest);
    for (int i = 0; i < ALTERNATIONS; i++) {
      fit = Fit.of(block, bestScale(block, importance, fit), zeroPoint, greatest);
    }
    return new Fit(bestScale(block, importance, fit), zeroPoint, fit.codes());
  }

  private static float bestScale(float[] block, float[] importance, Fit fit) {
    double product = 0;
    double squares = 0;
    for (int i = 0; i < block.length; i++) {
      int steps = fit.codes()[i] - fit.zeroPoint();
      product += importance[i] * block[i] * steps;
      squares += importance[i] * steps * steps;
    }
    float scale = squares > 0 ? (float) (product / squares) : fit.scale();
    return scale >= Float.MIN_NORMAL ? scale : fit.scale();
  }

  private static double error(float[] block, float[] importance, Fit fit) {
    double sum = 0;
    for (int i = 0; i < block.length; i++) {
      double miss = fit.value(i) - block[i];
      sum += importance[i] * miss * miss;
    }
    return sum;
  }
}
