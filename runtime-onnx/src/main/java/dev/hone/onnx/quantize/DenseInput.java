package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.ValueRange;
import dev.hone.onnx.calibrate.ValueStatistics;

/**
 * What is known of the value that a product reads, channel by channel.
 *
 * @param lo the least of each channel, at most 0
 * @param hi the greatest of each channel, at least 0
 * @param meanSquare the mean square of each channel
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record DenseInput(float[] lo, float[] hi, float[] meanSquare) {
  /** Of a value whose channels are known, or of one channel that stands for all. */
  static DenseInput of(ValueStatistics seen, int inner) {
    if (!seen.hasLastAxis() || seen.channels() != inner) {
      return new DenseInput(
          new float[] {Math.min(0, seen.min())},
          new float[] {Math.max(0, seen.max())},
          new float[1]);
    }
    float[] lo = seen.channelMin();
    float[] hi = seen.channelMax();
    for (int i = 0; i < inner; i++) {
      lo[i] = Math.min(0, lo[i]);
      hi[i] = Math.max(0, hi[i]);
    }
    return new DenseInput(lo, hi, seen.channelMeanSquare());
  }

  /** Whether each channel is known by itself. */
  boolean knowsChannels() {
    return lo.length > 1;
  }

  /** The greatest magnitude of a channel. */
  float reach(int channel) {
    return Math.max(-lo[channel], hi[channel]);
  }

  /** The distance of neighbouring integers for the value divided channel by channel. */
  double step(float[] divisors) {
    ValueRange range = range(divisors);
    return ((double) range.hi() - range.lo()) / Grid.UINT8.steps();
  }

  /** The integers for the value divided channel by channel. */
  Affine affine(float[] divisors) {
    ValueRange range = range(divisors);
    return Affine.asymmetric(range.lo(), range.hi(), Grid.UINT8);
  }

  private ValueRange range(float[] divisors) {
    float low = 0;
    float high = 0;
    for (int i = 0; i < lo.length; i++) {
      low = Math.min(low, lo[i] / divisors[i]);
      high = Math.max(high, hi[i] / divisors[i]);
    }
    return new ValueRange(low, high);
  }
}
