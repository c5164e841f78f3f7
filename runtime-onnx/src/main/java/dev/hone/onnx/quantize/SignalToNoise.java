package dev.hone.onnx.quantize;

/**
 * The signal-to-quantization-noise ratio, {@code 20 log10(|x| / |x - y|)} decibels, of exact values
 * x and what became of them, y, summed over as many values as come.
 *
 * <p>Each bit is worth about 6 dB. Weights in eight bits per channel reach about 40 dB, in four
 * bits and blocks of 32 about 20 dB; a layer whose output falls below 10 to 15 dB spoils a model.
 */
public final class SignalToNoise {
  private double signal;
  private double noise;

  /** An empty sum. */
  public SignalToNoise() {}

  /** The ratio of two arrays of one length, in decibels. */
  public static double decibels(float[] exact, float[] approximate) {
    if (exact.length != approximate.length) {
      throw new IllegalArgumentException(
          "Both sides need one length, but have "
              + exact.length
              + " and "
              + approximate.length
              + " values.");
    }
    SignalToNoise sum = new SignalToNoise();
    for (int i = 0; i < exact.length; i++) {
      sum.add(exact[i], approximate[i]);
    }
    return sum.decibels();
  }

  /** Adds one pair. */
  public void add(double exact, double approximate) {
    signal += exact * exact;
    noise += (exact - approximate) * (exact - approximate);
  }

  /** The ratio so far; infinite where there was no noise. */
  public double decibels() {
    return noise == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(signal / noise);
  }
}
