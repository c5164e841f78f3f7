package dev.hone.onnx.quantize;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the numbers of each channel of a value lay when the float model ran on calibration data.
 *
 * @param min the least of each channel, or what is taken for it
 * @param max the greatest of each channel, or what is taken for it
 * @param meanSquare the mean square of each channel
 * @param count how many numbers the value had, over all data
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record ChannelRanges(float[] min, float[] max, float[] meanSquare, long count) {

  /** The number of channels. */
  int channels() {
    return min.length;
  }

  /** Whether it can be quantized: NaN and infinite numbers cannot. */
  boolean isFinite() {
    for (int c = 0; c < min.length; c++) {
      if (!Float.isFinite(min[c]) || !Float.isFinite(max[c]) || !Float.isFinite(meanSquare[c])) {
        return false;
      }
    }
    return count > 0;
  }

  /** The same ranges for this many channels: as they are, or one range that holds all. */
  ChannelRanges forChannels(int channels) {
    if (channels == min.length) {
      return this;
    }
    float lo = Float.POSITIVE_INFINITY;
    float hi = Float.NEGATIVE_INFINITY;
    float square = 0;
    for (int c = 0; c < min.length; c++) {
      lo = Math.min(lo, min[c]);
      hi = Math.max(hi, max[c]);
      square += meanSquare[c] / min.length;
    }
    return new ChannelRanges(
        filled(channels, lo), filled(channels, hi), filled(channels, square), count);
  }

  private static float[] filled(int length, float value) {
    float[] values = new float[length];
    Arrays.fill(values, value);
    return values;
  }

  /** The same ranges without what lies below a number. */
  ChannelRanges notBelow(float least) {
    float[] raised = min.clone();
    for (int c = 0; c < raised.length; c++) {
      raised[c] = Math.min(max[c], Math.max(raised[c], least));
    }
    return new ChannelRanges(raised, max, meanSquare, count);
  }

  /** The ranges of the values that were watched. */
  @FunctionalInterface
  interface Source {
    /** The ranges of a value, or null if it was not watched. */
    @Nullable ChannelRanges of(String value);
  }
}
