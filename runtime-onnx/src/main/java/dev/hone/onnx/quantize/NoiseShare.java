package dev.hone.onnx.quantize;

/**
 * How far the noise of a convolution lies below what it computes, over all its outputs: the mean of
 * {@code min(1, noise_m / signal_m)}, in decibels, so that small outputs count as much as large
 * ones. Outputs that are (nearly) always 0 matter to nobody: a signal counts as at least a
 * hundredth of the mean signal.
 */
final class NoiseShare {
  /** Below this a layer is not worth its speed: 0.06 % of noise. */
  static final double LEAST_DECIBELS = 32;

  private static final double LEAST_SIGNAL = 0.01;

  private NoiseShare() {}

  /**
   * The share.
   *
   * @param noise the mean square of the noise of each output
   * @param signal the mean square of each output
   */
  static double decibels(double[] noise, float[] signal) {
    double mean = 0;
    for (float square : signal) {
      mean += square / signal.length;
    }
    double shares = 0;
    for (int m = 0; m < noise.length; m++) {
      double compared = Math.max(signal[m], LEAST_SIGNAL * mean);
      shares += noise[m] >= compared ? 1 : noise[m] / compared;
    }
    return -10 * Math.log10(shares / noise.length);
  }
}
