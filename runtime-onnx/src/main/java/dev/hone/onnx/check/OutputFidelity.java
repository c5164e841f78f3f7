package dev.hone.onnx.check;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How near one output of a model is to that of another, over as many rows as come.
 *
 * <p>Each row gives a vector x and what became of it, y. Their cosine {@code x·y / (|x| |y|)} says
 * how far they point the same way, whatever their length; of two vectors without length it is 1, of
 * one 0, and where y is not finite and x is, -1. A row of a single number has no direction: there
 * {@code 1 - |x - y| / max(|x|, m)} stands for it, where m is the mean size of all finite x so far.
 *
 * <p>Searching by similarity asks more than that: whether rows keep their order. {@link #spearman}
 * compares the similarities of all pairs of rows, {@link #sameNeighbour} the nearest other row of
 * each. Both look at the first rows only, as many as a few million numbers hold.
 */
public final class OutputFidelity {
  private static final int MOST_PAIRED_ROWS = 1000;
  private static final int MOST_PAIRED_VALUES = 1 << 22;

  private final List<Double> cosines = new ArrayList<>();
  private final List<float[]> exactRows = new ArrayList<>();
  private final List<float[]> approximateRows = new ArrayList<>();
  private long pairedValues;
  private boolean oneWidth = true;
  private double scalarSum;
  private long scalars;
  private boolean probabilities = true;
  private long places;
  private long sameTops;

  OutputFidelity() {}

  /** Adds one row. */
  void add(float[] exact, float[] approximate) {
    cosines.add(
        exact.length == 1 ? closeness(exact[0], approximate[0]) : cosine(exact, approximate));
    oneWidth &= exactRows.isEmpty() || exactRows.get(0).length == exact.length;
    pairedValues += exact.length;
    if (pairedValues <= MOST_PAIRED_VALUES && exactRows.size() < MOST_PAIRED_ROWS) {
      exactRows.add(normalized(exact));
      approximateRows.add(normalized(approximate));
    }
  }

  /** Adds rows of which nothing is left to compare. */
  void addLost(long rows) {
    for (long i = 0; i < rows; i++) {
      cosines.add(0.0);
    }
    oneWidth = false;
  }

  private double closeness(double exact, double approximate) {
    if (Double.isFinite(exact)) {
      scalarSum += Math.abs(exact);
      scalars++;
    }
    if (exact == approximate) {
      return 1;
    }
    double error = Math.abs(exact - approximate);
    if (!Double.isFinite(error)) {
      return -1;
    }
    return Math.max(-1, 1 - error / Math.max(Math.abs(exact), scalarSum / scalars));
  }

  /**
   * Adds the places of one row where a class is chosen.
   *
   * @param classes how many values each place has
   */
  void addChoices(float[] exact, float[] approximate, int classes) {
    for (int from = 0; probabilities && from < exact.length; from += classes) {
      probabilities = isDistribution(exact, from, from + classes);
      places++;
      if (top(exact, from, from + classes) == top(approximate, from, from + classes)) {
        sameTops++;
      }
    }
  }

  private static boolean isDistribution(float[] values, int from, int to) {
    double sum = 0;
    for (int i = from; i < to; i++) {
      if (!(values[i] >= 0)) {
        return false;
      }
      sum += values[i];
    }
    return Math.abs(sum - 1) < 1e-3;
  }

  private static int top(float[] values, int from, int to) {
    int top = from;
    for (int i = from + 1; i < to; i++) {
      if (values[i] > values[top]) {
        top = i;
      }
    }
    return top;
  }

  private static double cosine(float[] x, float[] y) {
    double dot = 0;
    double xx = 0;
    double yy = 0;
    for (int i = 0; i < x.length; i++) {
      if (Float.isFinite(x[i]) || x[i] != y[i]) { // what is the same infinity says nothing
        dot += (double) x[i] * y[i];
        xx += (double) x[i] * x[i];
        yy += (double) y[i] * y[i];
      }
    }
    if (xx == 0 || yy == 0) {
      return xx == yy ? 1 : 0;
    }
    double cosine = dot / Math.sqrt(xx * yy);
    return Double.isNaN(cosine) ? -1 : Math.max(-1, Math.min(1, cosine));
  }

  private static float[] normalized(float[] vector) {
    double square = 0;
    for (float value : vector) {
      square += (double) value * value;
    }
    float[] unit = vector.clone();
    double scale = square > 0 ? 1 / Math.sqrt(square) : 1;
    for (int i = 0; i < unit.length; i++) {
      unit[i] *= (float) scale;
    }
    return unit;
  }

  /** How many rows came. */
  public int rows() {
    return cosines.size();
  }

  /** The mean cosine; NaN if no row came. */
  public double meanCosine() {
    return cosines.stream().mapToDouble(Double::doubleValue).average().orElse(Double.NaN);
  }

  /**
   * What all but this share of the rows reach, between two rows linearly; NaN if no row came.
   *
   * @param share from 0, which gives the least, to 1
   */
  public double percentileCosine(double share) {
    double[] sorted = cosines.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    if (sorted.length == 0) {
      return Double.NaN;
    }
    double position = share * (sorted.length - 1);
    int below = (int) position;
    int above = Math.min(below + 1, sorted.length - 1);
    return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
  }

  /** Spearman's correlation of the similarities of all pairs; NaN with fewer than three rows. */
  public double spearman() {
    int rows = exactRows.size();
    if (!comparable() || rows < 3) {
      return Double.NaN;
    }
    float[] exact = new float[rows * (rows - 1) / 2];
    float[] approximate = new float[exact.length];
    int pair = 0;
    for (int i = 0; i < rows; i++) {
      for (int j = 0; j < i; j++) {
        exact[pair] = dot(exactRows.get(i), exactRows.get(j));
        approximate[pair++] = dot(approximateRows.get(i), approximateRows.get(j));
      }
    }
    return Ranks.correlation(exact, approximate);
  }

  /** The share of rows whose nearest other row is the same; NaN with fewer than three rows. */
  public double sameNeighbour() {
    int rows = exactRows.size();
    if (!comparable() || rows < 3) {
      return Double.NaN;
    }
    int same = 0;
    for (int row = 0; row < rows; row++) {
      if (nearest(exactRows, row) == nearest(approximateRows, row)) {
        same++;
      }
    }
    return (double) same / rows;
  }

  private boolean comparable() {
    return oneWidth && !exactRows.isEmpty() && exactRows.get(0).length > 1;
  }

  private static int nearest(List<float[]> rows, int row) {
    int nearest = -1;
    double most = Double.NEGATIVE_INFINITY;
    for (int other = 0; other < rows.size(); other++) {
      double similarity = other == row ? most : dot(rows.get(row), rows.get(other));
      if (similarity > most) {
        most = similarity;
        nearest = other;
      }
    }
    return nearest;
  }

  private static float dot(float[] x, float[] y) {
    double sum = 0;
    for (int i = 0; i < x.length; i++) {
      sum += (double) x[i] * y[i];
    }
    return (float) sum;
  }

  /** The share of places whose top is the same; NaN if they were no probabilities. */
  public double sameTop() {
    return probabilities && places > 0 ? (double) sameTops / places : Double.NaN;
  }

  /** All cosines, in the order the rows came; visible for tests. */
  double[] cosines() {
    return Arrays.copyOf(cosines.stream().mapToDouble(Double::doubleValue).toArray(), rows());
  }
}
