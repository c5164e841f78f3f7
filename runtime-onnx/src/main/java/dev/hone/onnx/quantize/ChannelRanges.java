package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.calibrate.ValueStatistics;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the numbers of each channel of a value lay when the float model ran on calibration data.
 *
 * @param min the least of each channel, or what is taken for it
 * @param max the greatest of each channel, or what is taken for it
 * @param mean the mean of each channel
 * @param meanSquare the mean square of each channel
 * @param count how many numbers the value had, over all data
 * @param tail what it would cost to clip all channels at one number
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record ChannelRanges(
    float[] min, float[] max, float[] mean, float[] meanSquare, long count, Tail tail) {

  private static final double LEAST_SHARE = 0.1;
  private static final double SHARE_STEP = 0.9;
  private static final int TAIL_POINTS = 96;

  /** Those that were watched, or null where nobody knows any, or some are not finite. */
  static @Nullable ChannelRanges of(ValueStatistics statistics) {
    if (!statistics.isFinite() || statistics.count() == 0) {
      return null;
    }
    if (statistics.hasLastAxis() || statistics.channels() == 0) {
      float[] min = {statistics.min()};
      float[] max = {statistics.max()};
      float[] mean = {0}; // nobody knows
      float[] square = {Math.max(min[0] * min[0], max[0] * max[0])};
      return new ChannelRanges(min, max, mean, square, statistics.count(), Tail.of(statistics));
    }
    return new ChannelRanges(
        statistics.channelMin(),
        statistics.channelMax(),
        statistics.channelMean(),
        statistics.channelMeanSquare(),
        statistics.count(),
        Tail.of(statistics));
  }

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
    float middle = 0;
    float square = 0;
    for (int c = 0; c < min.length; c++) {
      middle += mean[c] / min.length;
      lo = Math.min(lo, min[c]);
      hi = Math.max(hi, max[c]);
      square += meanSquare[c] / min.length;
    }
    return new ChannelRanges(
        filled(channels, lo),
        filled(channels, hi),
        filled(channels, middle),
        filled(channels, square),
        count,
        tail);
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
    return new ChannelRanges(raised, max, mean, meanSquare, count, tail);
  }

  /**
   * One range for all channels that loses least: its upper end t is where rounding and clipping
   * together, {@code ((t - lo) / 255)² / 12 + E[max(0, x - t)²]}, are smallest. A few numbers far
   * beyond the others would otherwise take most of the integers.
   */
  ChannelRanges uniform() {
    ChannelRanges whole = forChannels(1);
    float lo = whole.min[0];
    float hi = whole.max[0];
    float best = hi;
    double least = Double.POSITIVE_INFINITY;
    for (double share = 1; share > LEAST_SHARE; share *= SHARE_STEP) {
      float end = (float) (hi * share);
      double step = (end - Math.min(0, lo)) / Grid.UINT8.max();
      double loss = step * step / 12 + tail.meanSquareAbove(end);
      if (hi > 0 && loss < least) {
        least = loss;
        best = end;
      }
    }
    float[] max = max().clone();
    for (int c = 0; c < max.length; c++) {
      max[c] = Math.min(max[c], best);
    }
    return new ChannelRanges(min, max, mean, meanSquare, count, tail);
  }

  /** What is lost by clipping. */
  @FunctionalInterface
  interface Tail {
    /** The mean of {@code max(0, x - end)²} over all numbers x. */
    double meanSquareAbove(float end);

    /**
     * From the number below which a fraction lies, by the trapezoid rule over fractions that come
     * closer and closer to 1.
     */
    static Tail of(ValueStatistics statistics) {
      return end -> {
        double sum = 0;
        double before = 0;
        double fraction = 0;
        for (int i = 1; i <= TAIL_POINTS; i++) {
          double next = i == TAIL_POINTS ? 1 : 1 - Math.pow(2, -i / 4.0);
          double beyond = Math.max(0, statistics.percentile(next) - end);
          sum += (next - fraction) * (before + beyond * beyond) / 2;
          before = beyond * beyond;
          fraction = next;
        }
        return sum;
      };
    }
  }

  /** The ranges of the values that were watched. */
  @FunctionalInterface
  interface Source {
    /** The ranges of a value, or null if it was not watched. */
    @Nullable ChannelRanges of(String value);

    /** Those that a calibration watched. */
    static Source of(Calibration calibration) {
      return value -> calibration.has(value) ? ChannelRanges.of(calibration.of(value)) : null;
    }
  }
}
