package dev.hone.benchmarks.measure;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What an interleaved measurement gave: for each rival the nanoseconds that its work took, round by
 * round and in step with those of the others, so that rounds can be divided by each other.
 */
public final class Samples {
  private final Map<String, double[]> nanos = new LinkedHashMap<>();
  private final Map<String, String> failures = new LinkedHashMap<>();

  void put(String rival, List<Double> rounds) {
    nanos.put(rival, rounds.stream().mapToDouble(Double::doubleValue).toArray());
  }

  void fail(String rival, String reason) {
    failures.put(rival, reason);
  }

  /** Who was not measured to the end, and why. */
  public Map<String, String> failures() {
    return failures;
  }

  /** Whether all of these were measured to the end. */
  public boolean has(String... rivals) {
    return nanos.keySet().containsAll(Arrays.asList(rivals));
  }

  /** The nanoseconds of one rival, round by round. */
  public double[] nanos(String rival) {
    double[] values = nanos.get(rival);
    if (values == null) {
      throw new IllegalArgumentException(
          "'" + rival + "' was not measured; there are " + nanos.keySet() + ".");
    }
    return values.clone();
  }

  /** How often one rival does its work in a second, round by round, times {@code units}. */
  public double[] perSecond(String rival, double units) {
    return Arrays.stream(nanos(rival)).map(time -> units * 1e9 / time).toArray();
  }

  /** The time of {@code rival} as a multiple of that of {@code base}, round by round. */
  public double[] timeAgainst(String rival, String base) {
    double[] ratios = nanos(rival);
    double[] divisors = nanos(base);
    for (int i = 0; i < ratios.length; i++) {
      ratios[i] /= divisors[i];
    }
    return ratios;
  }

  /** How many times as fast as {@code base} the rival is, round by round. */
  public double[] speedAgainst(String rival, String base) {
    return timeAgainst(/* rival= */ base, /* base= */ rival);
  }
}
