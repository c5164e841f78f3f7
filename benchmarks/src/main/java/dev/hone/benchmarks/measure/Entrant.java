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

  /**
   * The same, which has worked for a while before it is measured: what many threads do at once is
   * compiled much later than what one does, and what learns from its load needs some of it.
   *
   * @param millis how long, at least; 0 for not at all
   */
  public Entrant warmedUp(int millis) {
    return new Entrant(name, side, () -> warm(opener.open(), millis));
  }

  private static Rival warm(Rival rival, int millis) throws Exception {
    long begin = System.nanoTime();
    try {
      while (System.nanoTime() - begin < millis * 1_000_000L) {
        rival.beforeTurn();
        rival.once();
        rival.afterTurn();
      }
      return rival;
    } catch (Exception | Error e) {
      rival.close();
      throw e;
    }
  }
}
