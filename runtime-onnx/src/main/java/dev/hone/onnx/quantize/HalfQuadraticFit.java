package dev.hone.onnx.quantize;

/**
 * Fits a block so that few weights are far off, by half-quadratic splitting after HQQ (Badri and
 * Shaji 2023).
 *
 * <p>Least squares lets one outlier pull the whole block. Here the loss is {@code Σ |x - x̂|^p}
 * with {@code p = 3/4}, which forgives outliers, and whose powers are square roots (HQQ takes 0.7,
 * which gives the same within the noise and takes many times as long). The misses, measured in
 * steps so that the units of the weights do not matter, are split off as variables e, held to
 * {@code (x - x̂) / s} by a penalty β, and what is left over is fitted by least squares, in turn:
 *
 * <pre>
 *   e = shrink((x - x̂) / s)      shrink(t) = sign(t) max(0, |t| - |t|^(p-1) / β)
 *   y = x - s e
 *   z = round(mean(q - y / s))   s = Σ y (q - z) / Σ (q - z)²
 * </pre>
 *
 * with {@code β = 10, growing by 1.01}, at most 20 rounds, and an end when the loss no longer
 * falls. HQQ itself holds s and lets z be any number. A zero point that is not an integer would
 * push the kernel off its fast path, and rounding it afterwards undoes the gain; so z is an integer
 * in every round and s is free. The best round wins, so the result is never worse than round to
 * nearest in this loss.
 */
final class HalfQuadraticFit implements BlockFit {
  private static final double GROWTH = 1.01;
  private static final int ROUNDS = 20;
  private static final int PATIENCE = 4;

  @Override
  public Fit fit(float[] block, float[] importance, int greatest) {
    Fit best = ROUND_TO_NEAREST.fit(block, importance, greatest);
    double least = loss(block, best);
    Fit current = best;
    double beta = 10;
    for (int round = 0, worse = 0; round < ROUNDS && worse < PATIENCE; round++) {
      current = next(block, current, beta, greatest);
      double loss = loss(block, current);
      if (loss < least) {
        least = loss;
        best = current;
        worse = 0;
      } else {
        worse++;
      }
      beta *= GROWTH;
    }
    return best;
  }

  private static Fit next(float[] block, Fit fit, double beta, int greatest) {
    double[] kept = new double[block.length];
    double offset = 0;
    for (int i = 0; i < kept.length; i++) {
      double miss = (block[i] - fit.value(i)) / fit.scale();
      kept[i] = block[i] - fit.scale() * shrink(miss, beta);
      offset += fit.codes()[i] - kept[i] / fit.scale();
    }
    int zeroPoint = (int) Math.max(0, Math.min(greatest, Math.rint(offset / kept.length)));
    double product = 0;
    double squares = 0;
    for (int i = 0; i < kept.length; i++) {
      double steps = fit.codes()[i] - zeroPoint;
      product += kept[i] * steps;
      squares += steps * steps;
    }
    float scale = squares > 0 ? (float) (product / squares) : 0;
    return Fit.of(block, scale >= Float.MIN_NORMAL ? scale : fit.scale(), zeroPoint, greatest);
  }

  private static double shrink(double miss, double beta) {
    double magnitude = Math.abs(miss);
    if (magnitude == 0) {
      return 0;
    }
    return Math.signum(miss)
        * Math.max(0, magnitude - 1 / (beta * Math.sqrt(Math.sqrt(magnitude))));
  }

  private static double loss(float[] block, Fit fit) {
    double sum = 0;
    for (int i = 0; i < block.length; i++) {
      double root = Math.sqrt(Math.abs(block[i] - fit.value(i)));
      sum += root * Math.sqrt(root);
    }
    return sum;
  }
}
