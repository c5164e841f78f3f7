package dev.hone.benchmarks.measure;

/**
 * Who enters a comparison.
 *
 * @param name what a reader calls it
 * @param side whose it is
 * @param opener makes it ready to work
 */
public record Entrant(String name, Side side, Opener opener) {
  /** Whose it is. */
  public enum Side {
    /** Hone's. */
    OURS,
    /** What Hone is compared with. */
    THEIRS
  }

  /** Makes a rival ready to work; may fail, and is then named in the report. */
  @FunctionalInterface
  public interface Opener {
    /** Opens it. */
    Rival open() throws Exception;
  }

  /** One of Hone's. */
  public static Entrant ours(String name, Opener opener) {
    return new Entrant(name, Side.OURS, opener);
  }

  /** One of the others. */
  public static Entrant theirs(String name, Opener opener) {
    return new Entrant(name, Side.THEIRS, opener);
  }
}
