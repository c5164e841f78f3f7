package dev.hone.benchmarks.measure;

/** One side of a comparison: does the same work as the others, its own way. For one thread. */
@FunctionalInterface
public interface Rival extends AutoCloseable {
  /** Does the work once. */
  void once() throws Exception;

  /** Called before each turn, outside of what is measured. */
  default void beforeTurn() throws Exception {}

  /** Called after each turn, outside of what is measured. */
  default void afterTurn() throws Exception {}

  /**
   * Looks whether the work was done right; called once, after the last turn.
   *
   * @throws IllegalStateException if not; what was measured is then thrown away
   */
  default void check() throws Exception {}

  @Override
  default void close() {}
}
