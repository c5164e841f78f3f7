package dev.hone.batching;

import dev.hone.Session;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The sessions that a batcher runs on, which give the same answers: one that serves most rows when
 * several runs are under way, and perhaps another one that is quicker when one run has the machine
 * for itself. Weights are in memory twice then.
 *
 * @param shared for all runs that may have company
 * @param lone for runs that have none; null if {@code shared} is quick enough
 */
record Sessions(Session shared, @Nullable Session lone) {

  /**
   * Whether a run should use the lone session.
   *
   * @param calls how many calls it answers, whole
   * @param underWay how many calls are under way, these among them
   */
  boolean isForLone(int calls, LongSupplier underWay) {
    return lone != null && calls >= underWay.getAsLong();
  }

  /** The session for a run. */
  Session of(boolean forLone) {
    Session alone = lone;
    return forLone && alone != null ? alone : shared;
  }

  /** Closes both. */
  void close() {
    try {
      shared.close();
    } finally {
      Session alone = lone;
      if (alone != null) {
        alone.close();
      }
    }
  }
}
