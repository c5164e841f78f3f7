package dev.hone.onnx.calibrate;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Adds up {@link ValueStatistics}, tensor by tensor. */
final class StatisticsBuilder {
  /** Numbers looked at together: enough to be fast, few enough to stay in a near cache. */
  private static final int CHUNK = 8192;

  private final String value;
  private final boolean wantsGram;
  private final Histogram histogram = new Histogram();
  private final float[] chunk = new float[CHUNK];
  private boolean finite = true;
  private long count;
  private float min = Float.POSITIVE_INFINITY;
  private float max = Float.NEGATIVE_INFINITY;
  private @Nullable Channels channels;
  private boolean channelsVary;
  private boolean lastAxis = true;

  StatisticsBuilder(String value, boolean wantsGram) {
    this.value = value;
    this.wantsGram = wantsGram;
  }

  /** Adds the numbers of one tensor; the tensor is not kept. */
  void add(Tensor tensor) {
    if (tensor.type() != DataType.FLOAT32) {
      throw new IllegalArgumentException(
          "Only FLOAT32 values are calibrated, but '" + value + "' is " + tensor + ".");
    }
    long elements = tensor.shape().elementCount();
    if (elements == 0) {
      return;
    }
    Channels now = channelsOf(tensor.shape());
    for (long from = 0; from < elements; from += CHUNK) {
      int length = (int) Math.min(CHUNK, elements - from);
      long start = from;
      tensor
          .memory()
          .lend(
              from * Float.BYTES,
              (long) length * Float.BYTES,
              bytes -> {
                FloatBuffer floats = bytes.order(ByteOrder.nativeOrder()).asFloatBuffer();
                floats.get(chunk, 0, length);
                addChunk(now, start, length);
              });
    }
    count += elements;
  }

  /** The sums that fit a shape; sums nobody reads once shapes did not agree. */
  private Channels channelsOf(Shape shape) {
    long[] dims = shape.toArray();
    int axis = dims.length == 4 ? 1 : dims.length - 1;
    long length = dims.length == 0 ? 1 : dims[axis];
    long inner = 1;
    for (int i = Math.max(axis, 0) + 1; i < dims.length; i++) {
      inner *= dims[i];
    }
    boolean last = axis == dims.length - 1;
    Channels known = channels;
    if (known == null) {
      lastAxis = last;
      known = new Channels(Math.toIntExact(length), wantsGram);
      channels = known;
    }
    if (known.length() != length || last != lastAxis) {
      channelsVary = true;
      known = new Channels(Math.toIntExact(length), false);
    }
    known.layout(inner);
    return known;
  }

  private void addChunk(Channels now, long from, int length) {
    float low = Float.POSITIVE_INFINITY;
    float high = Float.NEGATIVE_INFINITY;
    float zeroIfFinite = 0;
    for (int i = 0; i < length; i++) {
      float x = chunk[i];
      low = Math.min(low, x);
      high = Math.max(high, x);
      zeroIfFinite += x * 0;
    }
    if (zeroIfFinite != 0) { // NaN: one of them was not finite
      finite = false;
      return;
    }
    min = Math.min(min, low);
    max = Math.max(max, high);
    histogram.add(chunk, length, Math.max(-low, high));
    now.add(chunk, from, length);
  }

  ValueStatistics build() {
    return new ValueStatistics(this);
  }

  String value() {
    return value;
  }

  long count() {
    return count;
  }

  boolean isFinite() {
    return finite;
  }

  boolean isLastAxis() {
    return lastAxis;
  }

  float min() {
    return min;
  }

  float max() {
    return max;
  }

  Histogram histogram() {
    return histogram;
  }

  private @Nullable Channels usable() {
    return channelsVary ? null : channels;
  }

  float[] channelMin() {
    Channels known = usable();
    return known == null ? new float[0] : known.min();
  }

  float[] channelMax() {
    Channels known = usable();
    return known == null ? new float[0] : known.max();
  }

  float[] channelMean() {
    Channels known = usable();
    return known == null ? new float[0] : known.mean(count);
  }

  float[] channelMeanSquare() {
    Channels known = usable();
    return known == null ? new float[0] : known.meanSquare(count);
  }

  double @Nullable [] gram() {
    Channels known = usable();
    return known == null ? null : known.gram();
  }

  /** Sums for each channel. */
  private static final class Channels {
    private final float[] min;
    private final float[] max;
    private final double[] sums;
    private final double[] squares;
    private final @Nullable GramSum gram;
    private long inner = 1;

    Channels(int length, boolean wantsGram) {
      min = new float[length];
      max = new float[length];
      sums = new double[length];
      squares = new double[length];
      gram = wantsGram ? new GramSum(length) : null;
      Arrays.fill(min, Float.POSITIVE_INFINITY);
      Arrays.fill(max, Float.NEGATIVE_INFINITY);
    }

    int length() {
      return min.length;
    }

    /** Says how many numbers of one channel follow each other. */
    void layout(long following) {
      inner = following;
    }

    void add(float[] values, long from, int count) {
      int channel = (int) (from / inner % min.length);
      long left = inner - from % inner;
      for (int i = 0; i < count; i++) {
        float x = values[i];
        min[channel] = Math.min(min[channel], x);
        max[channel] = Math.max(max[channel], x);
        sums[channel] += x;
        squares[channel] += (double) x * x;
        if (--left == 0) {
          left = inner;
          channel = channel + 1 == min.length ? 0 : channel + 1;
        }
      }
      if (gram != null && inner == 1) {
        gram.add(values, count);
      }
    }

    float[] min() {
      return min.clone();
    }

    float[] max() {
      return max.clone();
    }

    float[] mean(long count) {
      return divided(sums, count);
    }

    float[] meanSquare(long count) {
      return divided(squares, count);
    }

    private static float[] divided(double[] sums, long count) {
      float[] mean = new float[sums.length];
      for (int i = 0; i < mean.length; i++) {
        mean[i] = (float) (sums[i] * mean.length / count);
      }
      return mean;
    }

    double @Nullable [] gram() {
      return gram == null || inner != 1 ? null : gram.matrix();
    }
  }
}
