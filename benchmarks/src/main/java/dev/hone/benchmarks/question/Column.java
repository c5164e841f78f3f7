package dev.hone.benchmarks.question;

/**
 * A column of a table of results.
 *
 * @param name what it shows, in a reader's words
 * @param unit its unit, for example {@code ns}, or {@code x} for a ratio; empty for a bare number
 * @param better which values a reader hopes for
 * @param drawn whether the report also draws it as bars
 */
public record Column(String name, String unit, Better better, boolean drawn) {
  /** Which values are the good ones. */
  public enum Better {
    /** Small ones. */
    LOWER,
    /** Large ones. */
    HIGHER
  }

  /** A column of numbers of which less is better. */
  public static Column lower(String name, String unit) {
    return new Column(name, unit, Better.LOWER, false);
  }

  /** A column of numbers of which more is better. */
  public static Column higher(String name, String unit) {
    return new Column(name, unit, Better.HIGHER, false);
  }

  /** The same, drawn as bars. */
  public Column asBars() {
    return new Column(name, unit, better, true);
  }
}
