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
 * The stored zero point is an integer, {@code z = round(-m / s)} within the codes. With z fixed and
 * {@code c = q - z} the best scale and its error are
 *
 * <pre>
 *   s = B / C        E = Σwx² - B² / C        B = Σ w x c    C = Σ w c²
 * </pre>
 *
 * so one pass over the block rounds the codes anew, gives the next scale and tells the error; two
 * such passes follow each candidate, and they cannot raise the error. Candidates are {@code s =
 * range / (greatest + d)}, d from -1 to 0.9 in steps of 0.1, and the plain range; the least error
 * wins. It is never worse than round to nearest in its own measure.
 */
final class KQuantFit implements BlockFit {
  private static final int CANDIDATES = 20;
  private static final int ALTERNATIONS = 2;

  /** Added to a number below 2^51 and taken away again, it leaves the nearest integer. */
  private static final double ROUND = 0x1.8p52;

  private float[] block = {};
  private float[] importance = {};
  private int greatest;

  private double bestGain;
  private double bestScale;
  private int bestZeroPoint;

  @Override
  public Fit fit(float[] weights, float[] counts, int top) {
    Fit plain = ROUND_TO_NEAREST.fit(weights, counts, top);
    float lo = 0;
    float hi = 0;
    for (float x : weights) {
      lo = Math.min(lo, x);
      hi = Math.max(hi, x);
    }
    if (hi - lo < Float.MIN_NORMAL * top) {
      return plain;
    }
    block = weights;
    importance = counts;
    greatest = top;
    bestGain = Double.NEGATIVE_INFINITY;
    refine(plain.scale(), plain.zeroPoint());
    for (int c = 0; c < CANDIDATES; c++) {
      propose(((double) hi - lo) / (greatest - 1 + 0.1 * c), lo);
    }
    Fit found = Fit.of(block, (float) bestScale, bestZeroPoint, greatest);
    return error(found) < error(plain) ? found : plain;
  }

  /** Fits scale and offset to the codes of one scale, and goes on from there. */
  private void propose(double start, double lo) {
    double inverse = 1 / start;
    double w = 0;
    double q1 = 0;
    double q2 = 0;
    double x1 = 0;
    double xq = 0;
    for (int i = 0; i < block.length; i++) {
      double q = Math.max(0, Math.min(greatest, (block[i] - lo) * inverse + ROUND - ROUND));
      double weighted = importance[i] * q;
      w += importance[i];
      q1 += weighted;
      q2 += weighted * q;
      x1 += (double) importance[i] * block[i];
      xq += weighted * block[i];
    }
    double determinant = w * q2 - q1 * q1;
    double scale = determinant > 0 ? (w * xq - x1 * q1) / determinant : 0;
    double offset = determinant > 0 ? (q2 * x1 - q1 * xq) / determinant : 0;
    if (!(scale >= Float.MIN_NORMAL)) {
      scale = start;
      offset = lo;
    }
    refine(scale, (int) Math.max(0, Math.min(greatest, Math.rint(-offset / scale))));
  }

  private void refine(double start, int zeroPoint) {
    double scale = start;
    for (int i = 0; i <= ALTERNATIONS; i++) {
      double inverse = 1 / scale;
      double product = 0;
      double squares = 0;
      for (int j = 0; j < block.length; j++) {
        double steps = block[j] * inverse + ROUND - ROUND;
        steps = Math.max(-zeroPoint, Math.min(greatest - zeroPoint, steps));
        double weighted = importance[j] * steps;
        product += weighted * block[j];
        squares += weighted * steps;
      }
      if (!(squares > 0) || !(product / squares >= Float.MIN_NORMAL)) {
        return;
      }
      scale = product / squares;
      double gain = product * scale;
      if (gain > bestGain) {
        bestGain = gain;
        bestScale = scale;
        bestZeroPoint = zeroPoint;
      }
    }
  }

  private double error(Fit fit) {
    double sum = 0;
    for (int i = 0; i < block.length; i++) {
      double miss = fit.value(i) - block[i];
      sum += importance[i] * miss * miss;
    }
    return sum;
  }
}
