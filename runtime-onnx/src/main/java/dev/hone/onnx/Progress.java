package dev.hone.onnx;

/**
 * Hears how far a piece of work is: for a progress bar. Called on the thread that does the work,
 * often, so it should return at once.
 */
@FunctionalInterface
public interface Progress {
  /** Listens to nothing. */
  Progress NONE = (phase, fraction) -> {};

  /**
   * The work has come this far.
   *
   * @param phase what is being done now, in a few words
   * @param fraction how much of the whole work is done, from 0 to 1; never falls
   */
  void at(String phase, double fraction);
}
