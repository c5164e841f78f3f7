package dev.hone.onnx.quantize;

/**
 * Divisors for the channels of a value that a few loud channels keep from fine steps.
 *
 * <p>One step serves all channels, so a channel that reaches ten times as far as the others makes
 * their steps ten times too wide. Dividing it by s and multiplying its row of the weights by s
 * moves the difficulty to the weights, which have a step for each column (G. Xiao et al.,
 * SmoothQuant, 2023). Here the divisors are
 *
 * <pre>
 *   s_i = max(1, max|x_i| / T)^a
 * </pre>
 *
 * with T one of the channels' own maxima and a one of 1/4, 1/2, 3/4 and 1, and of all these the
 * ones with the least error {@link DenseNoise}: no layer gets worse by that estimate.
 */
final class Smoothing {
  private Smoothing() {}

  /**
   * What was found.
   *
   * @param divisors s
   * @param gain how many times smaller the mean square error is than without, at least 1
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Found(float[] divisors, double gain) {}

  /** The best divisors for a value of known channels. */
  static Found search(DenseInput input, DenseNoise noise) {
    float[] best = DenseNoise.ones(input.lo().length);
    double without = noise.of(best);
    double least = without;
    float before = Float.POSITIVE_INFINITY;
    for (int channel : noise.loud()) {
      float threshold = input.reach(channel);
      for (int quarters = 1; quarters <= 4 && threshold > 0 && threshold < before; quarters++) {
        float[] divisors = divisors(input, threshold, quarters);
        double error = noise.of(divisors);
        if (error < least) {
          least = error;
          best = divisors;
        }
      }
      before = threshold;
    }
    return new Found(best, least == 0 ? 1 : without / least);
  }

  private static float[] divisors(DenseInput input, float threshold, int quarters) {
    float[] divisors = DenseNoise.ones(input.lo().length);
    for (int i = 0; i < divisors.length; i++) {
      if (input.reach(i) > threshold) {
        divisors[i] = power(input.reach(i) / threshold, quarters);
      }
    }
    return divisors;
  }

  private static float power(double ratio, int quarters) {
    double root = Math.sqrt(ratio);
    return (float)
        switch (quarters) {
          case 1 -> Math.sqrt(root);
          case 2 -> root;
          case 3 -> root * Math.sqrt(root);
          default -> ratio;
        };
  }
}
