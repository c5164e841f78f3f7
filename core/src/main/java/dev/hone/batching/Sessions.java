package dev.hone.batching;

import dev.hone.Batch;
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
 * @param loneSizes the runs that {@code lone} is quicker for
 */
record Sessions(Session shared, @Nullable Session lone, SizeRange loneSizes) {

  /**
   * Runs from one size on and below another; see {@link #sizeOf}.
   *
   * @param least the smallest size
   * @param beyond the first that is too large
   */
  record SizeRange(long least, long beyond) {
    static final SizeRange ALL = new SizeRange(0, Long.MAX_VALUE);

    private boolean contain(long size) {
      return size >= least && size < beyond;
    }
  }

  /** How large a run is, roughly: the elements of its first input. */
  static long sizeOf(@Nullable Batch in) {
    return in == null || in.size() == 0 ? 0 : in.tensor(0).shape().elementCount();
  }

  /**
   * Whether a run should use the lone session.
   *
   * @param calls how many calls it answers, whole
   * @param size of all of them
   * @param underWay how many calls are under way, these among them
   */
  boolean isForLone(int calls, long size, LongSupplier underWay) {
    return lone != null && loneSizes.contain(size) && calls >= underWay.getAsLong();
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
