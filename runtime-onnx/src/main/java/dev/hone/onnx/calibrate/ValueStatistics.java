package dev.hone.onnx.calibrate;

import org.jspecify.annotations.Nullable;

/**
 * What is known of the numbers that one value of a model took. Immutable.
 *
 * <p>A channel is an index of the last axis, or of axis 1 where the value has four dimensions
 * (images in NCHW). Where the number of channels was not the same in all batches, nothing is known
 * for each channel and the arrays are empty.
 */
public final class ValueStatistics {
  private final String value;
  private final long count;
  private final boolean finite;
  private final Histogram histogram;
  private final boolean lastAxis;
  private final float[] channelMin;
  private final float[] channelMax;
  private final float[] channelMean;
  private final float[] channelMeanSquare;
  private final float min;
  private final float max;
  private final double @Nullable [] gram;

  ValueStatistics(StatisticsBuilder from) {
    this.value = from.value();
    this.count = from.count();
    this.finite = from.isFinite();
    this.histogram = from.histogram();
    this.min = from.min();
    this.max = from.max();
    this.lastAxis = from.isLastAxis();
    this.channelMin = from.channelMin();
    this.channelMax = from.channelMax();
    this.channelMean = from.channelMean();
    this.channelMeanSquare = from.channelMeanSquare();
    this.gram = from.gram();
  }

  /** How many numbers came. */
  public long count() {
    return count;
  }

  /** Whether all of them were finite; if not, only {@link #count} means anything. */
  public boolean isFinite() {
    return finite;
  }

  /** Whether the value was one and the same number all along, or never came. */
  public boolean isConstant() {
    return count == 0 || min == max;
  }

  /** The least. */
  public float min() {
    requireCounted();
    return min;
  }

  /** The greatest. */
  public float max() {
    requireCounted();
    return max;
  }

  /** From the least to the greatest. */
  public ValueRange range() {
    return new ValueRange(min(), max());
  }

  /** The number of channels, or 0 where it varied. */
  public int channels() {
    return channelMin.length;
  }

  /** Whether the channels are those of the last axis: of the rows that a matrix multiplies. */
  public boolean hasLastAxis() {
    return lastAxis;
  }

  /** The least in each channel. */
  public float[] channelMin() {
    return channelMin.clone();
  }

  /** The greatest in each channel. */
  public float[] channelMax() {
    return channelMax.clone();
  }

  /** The mean of each channel. */
  public float[] channelMean() {
    return channelMean.clone();
  }

  /** The mean of the squares in each channel. */
  public float[] channelMeanSquare() {
    return channelMeanSquare.clone();
  }

  /**
   * The number below which a fraction of all lies, from a histogram: off by at most a thousandth of
   * the greatest magnitude.
   *
   * @param fraction 0 to 1
   */
  public float percentile(double fraction) {
    if (!(fraction >= 0 && fraction <= 1)) {
      throw new IllegalArgumentException("A fraction lies in 0 to 1, but is " + fraction + ".");
    }
    requireCounted();
    return (float) Math.max(min, Math.min(max, histogram.quantile(fraction)));
  }

  /**
   * The range that holds this fraction of all numbers, the rest cut off in equal parts at both
   * ends.
   *
   * @param kept above 0, to 1
   */
  public ValueRange percentileRange(double kept) {
    return new ValueRange(percentile((1 - kept) / 2), percentile((1 + kept) / 2));
  }

  /**
   * The range that loses the least information on a grid of integers: {@link EntropySearch}, cut to
   * the numbers that came.
   *
   * @param integers how many integers the grid has, at least 2
   */
  public ValueRange entropyRange(int integers) {
    if (integers < 2) {
      throw new IllegalArgumentException("A grid has at least 2 integers, not " + integers + ".");
    }
    requireCounted();
    float threshold = (float) EntropySearch.threshold(histogram, integers);
    return new ValueRange(-threshold, threshold).within(range());
  }

  /** Whether there is a {@link #gram}. */
  public boolean hasGram() {
    return gram != null;
  }

  /**
   * The Gram matrix {@code Σ x xᵀ} over all rows x of channels, row by row.
   *
   * @throws IllegalStateException if it was not asked for, or the number of channels varied
   */
  public double[] gram() {
    if (gram == null) {
      throw new IllegalStateException(
          "No Gram matrix of '" + value + "' was gathered: ask for it when calibrating.");
    }
    return gram.clone();
  }

  private void requireCounted() {
    if (count == 0 || !finite) {
      throw new IllegalStateException(
          "The value '"
              + value
              + (count == 0 ? "' never came." : "' was not finite.")
              + " Ask count() and isFinite() first.");
    }
  }
}
