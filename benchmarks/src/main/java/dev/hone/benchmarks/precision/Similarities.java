package dev.hone.benchmarks.precision;

import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** The similarities of all vectors with all others: cosines, for vectors of length 1. */
final class Similarities {
  private final double[][] rows;

  private Similarities(double[][] rows) {
    this.rows = rows;
  }

  /** Of these vectors, each of length 1. */
  static Similarities of(float[][] vectors) {
    return new Similarities(
        Arrays.stream(vectors)
            .parallel() // nothing is timed here
            .map(one -> Arrays.stream(vectors).mapToDouble(other -> dot(one, other)).toArray())
            .toArray(double[][]::new));
  }

  static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  double of(int one, int other) {
    return rows[one][other];
  }

  /** So many others that are most similar to one, the most similar first. */
  List<Integer> nearest(int one, int count) {
    return IntStream.range(0, rows.length)
        .filter(other -> other != one)
        .boxed()
        .sorted(Comparator.comparingDouble(other -> -rows[one][other]))
        .limit(count)
        .toList();
  }

  /**
   * How many of a hundred have the label that most of their nearest neighbours have; each is left
   * out where its own label is told (k nearest neighbours, leave one out).
   *
   * @param neighbours an odd number, so that there is a majority
   */
  double percentRight(boolean[] labels, int neighbours) {
    long right =
        IntStream.range(0, rows.length)
            .parallel()
            .filter(one -> labels[one] == majority(nearest(one, neighbours), labels))
            .count();
    return 100.0 * right / rows.length;
  }

  private static boolean majority(List<Integer> voters, boolean[] labels) {
    return 2 * voters.stream().filter(voter -> labels[voter]).count() > voters.size();
  }
}
