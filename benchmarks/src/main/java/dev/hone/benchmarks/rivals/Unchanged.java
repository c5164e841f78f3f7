package dev.hone.benchmarks.rivals;

/** Looks whether a rival that ran the same inputs again and again still gives the same output. */
final class Unchanged {
  private static final double TOLERANCE = 1e-3;

  private Unchanged() {}

  /**
   * Compares.
   *
   * @throws IllegalStateException if the last output is not the first one
   */
  static void check(float[] first, float[] last) {
    if (first.length != last.length) {
      throw new IllegalStateException(
          "The first output had "
              + first.length
              + " values, the last one has "
              + last.length
              + ".");
    }
    for (int i = 0; i < first.length; i++) {
      if (!(Math.abs(last[i] - first[i]) <= TOLERANCE * (1 + Math.abs(first[i])))) {
        throw new IllegalStateException(
            "The first output had "
                + first[i]
                + " at "
                + i
                + ", the last one has "
                + last[i]
                + ".");
      }
    }
  }
}
