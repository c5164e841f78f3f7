package dev.hone.benchmarks.precision;

import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * How near vectors are to the ones they should be.
 *
 * @param meanCosine mean of the cosines between each vector and its reference
 * @param firstPercentile what all but a hundredth of these cosines reach
 * @param leastCosine the least of them
 * @param spearman rank correlation (Spearman, 1904) of the similarities of all pairs with those of
 *     the reference
 * @param neighbour share of the vectors whose nearest neighbour is that of the reference
 */
public record Fidelity(
    double meanCosine,
    double firstPercentile,
    double leastCosine,
    double spearman,
    double neighbour) {

  /** What a table shows of it. */
  static final List<Column> COLUMNS =
      List.of(
          Column.higher("mean cosine", ""),
          Column.higher("cosine, 1st percentile", ""),
          Column.higher("least cosine", ""),
          Column.higher("Spearman", ""),
          Column.higher("same nearest neighbour", ""));

  /** Enters it into these columns. */
  void enterInto(Table.Row row) {
    row.set("mean cosine", meanCosine)
        .set("cosine, 1st percentile", firstPercentile)
        .set("least cosine", leastCosine)
        .set("Spearman", spearman)
        .set("same nearest neighbour", neighbour);
  }

  /** So many vectors of length 1, from rows that lie one behind the other. */
  static float[][] unitRows(float[] values, int rows) {
    float[][] vectors = new float[rows][values.length / rows];
    for (int row = 0; row < rows; row++) {
      float[] vector = vectors[row];
      System.arraycopy(values, row * vector.length, vector, 0, vector.length);
      double length = Math.sqrt(Similarities.dot(vector, vector));
      for (int i = 0; i < vector.length; i++) {
        vector[i] /= (float) length;
      }
    }
    return vectors;
  }

  /** Compares vectors of length 1. */
  public static Fidelity of(float[][] reference, float[][] vectors) {
    int count = reference.length;
    double[] cosines = new double[count];
    double[] expected = new double[count * (count - 1) / 2];
    double[] actual = new double[expected.length];
    Similarities theirs = Similarities.of(reference);
    Similarities ours = Similarities.of(vectors);
    int same = 0;
    int pair = 0;
    for (int i = 0; i < count; i++) {
      cosines[i] = Similarities.dot(reference[i], vectors[i]);
      same += theirs.nearest(i, 1).equals(ours.nearest(i, 1)) ? 1 : 0;
      for (int j = 0; j < i; j++, pair++) {
        expected[pair] = theirs.of(i, j);
        actual[pair] = ours.of(i, j);
      }
    }
    Arrays.sort(cosines);
    return new Fidelity(
        Arrays.stream(cosines).average().orElse(Double.NaN),
        cosines[count / 100],
        cosines[0],
        correlation(ranks(expected), ranks(actual)),
        (double) same / count);
  }

  /** The place of each value in the order; equal ones share the mean of theirs. */
  private static double[] ranks(double[] values) {
    Integer[] order = new Integer[values.length];
    Arrays.setAll(order, i -> i);
    Arrays.sort(order, Comparator.comparingDouble(i -> values[i]));
    double[] ranks = new double[values.length];
    for (int from = 0; from < order.length; ) {
      int to = from + 1;
      while (to < order.length && values[order[to]] == values[order[from]]) {
        to++;
      }
      for (int i = from; i < to; i++) {
        ranks[order[i]] = (from + to - 1) / 2.0;
      }
      from = to;
    }
    return ranks;
  }

  private static double correlation(double[] a, double[] b) {
    double meanA = Arrays.stream(a).average().orElse(0);
    double meanB = Arrays.stream(b).average().orElse(0);
    double ab = 0;
    double aa = 0;
    double bb = 0;
    for (int i = 0; i < a.length; i++) {
      ab += (a[i] - meanA) * (b[i] - meanB);
      aa += (a[i] - meanA) * (a[i] - meanA);
      bb += (b[i] - meanB) * (b[i] - meanB);
    }
    return ab / Math.sqrt(aa * bb);
  }
}
