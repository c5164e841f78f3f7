package dev.hone.shadow;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/*
 * The reference values are cut into at most ten bins at their deciles (equal deciles are one), and
 * the share of values in each bin is kept. New values are counted in the same bins, and the
 * population stability index compares the two:
 *
 *     PSI = sum over bins of (q - p) ln(q / p)
 *
 * It is the symmetric Kullback-Leibler divergence of the binned distributions. Shares are smoothed,
 * (count + 1/2) / (n + bins/2), so that an empty bin is finite.
 *
 * What chance makes of it: for two samples of n and m values of one population, PSI n m / (n + m) is
 * about chi-squared with (bins - 1) degrees of freedom. With n = 200, m much larger and ten bins its
 * mean is 9 / 200 = 0.045, and the chance to exceed 0.25 (chi-squared above 50) is 1e-7. So 0.25 is
 * no noise from 200 values on; it is also where practice draws the line (Siddiqi 2006).
 */

/** The distribution of one feature, coarsely. Immutable. */
final class Sketch {
  private static final int BINS = 10;

  private final double[] edges; // between bins, ascending
  private final double[] shares;

  private Sketch(double[] edges, double[] shares) {
    this.edges = edges;
    this.shares = shares;
  }

  static Sketch of(double[] values) {
    double[] sorted = Arrays.stream(values).sorted().toArray();
    double[] edges = new double[BINS - 1];
    for (int i = 1; i < BINS; i++) {
      edges[i - 1] = sorted[Math.min(sorted.length - 1, sorted.length * i / BINS)];
    }
    double[] distinct = Arrays.stream(edges).distinct().toArray();
    return new Sketch(distinct, shares(distinct, values, values.length));
  }

  private static double[] shares(double[] edges, double[] values, int count) {
    double[] shares = new double[edges.length + 1];
    for (int i = 0; i < count; i++) {
      int found = Arrays.binarySearch(edges, values[i]);
      shares[found >= 0 ? found : -found - 1]++; // a value on an edge belongs below it
    }
    for (int i = 0; i < shares.length; i++) {
      shares[i] = (shares[i] + 0.5) / (count + 0.5 * shares.length);
    }
    return shares;
  }

  /** The population stability index of the first {@code count} values against this. */
  double shift(double[] values, int count) {
    double[] now = shares(edges, values, count);
    double index = 0;
    for (int i = 0; i < now.length; i++) {
      index += (now[i] - shares[i]) * Math.log(now[i] / shares[i]);
    }
    return index;
  }

  /** As {@link #parse} reads it: edges and shares, with a bar between. */
  String format() {
    return join(edges) + " | " + join(shares);
  }

  private static String join(double[] values) {
    return Arrays.stream(values)
        .mapToObj(value -> String.format(Locale.ROOT, "%.9g", value))
        .collect(Collectors.joining(" "));
  }

  static Sketch parse(String text) {
    String[] parts = text.split("\\|", -1);
    double[] edges = split(parts[0]);
    double[] shares = parts.length < 2 ? new double[0] : split(parts[1]);
    if (parts.length != 2 || shares.length != edges.length + 1) {
      throw new IllegalArgumentException(
          "A distribution is its edges, a bar, and one share more than edges, but is: " + text);
    }
    return new Sketch(edges, shares);
  }

  private static double[] split(String text) {
    return text.isBlank()
        ? new double[0]
        : Arrays.stream(text.strip().split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
