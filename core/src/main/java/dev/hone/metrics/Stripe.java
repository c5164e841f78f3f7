package dev.hone.metrics;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * One copy of all counts. Each thread prefers one copy, so that threads rarely meet.
 *
 * <p>A call adds to a dozen counts. One atomic step to own the copy, plain additions, and one
 * release are cheaper than a dozen atomic additions, and make each call appear in a snapshot as a
 * whole or not at all.
 */
final class Stripe {
  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

  // The mark of the owner is in the same array, so that the collector cannot move the marks of two
  // stripes into one cache line.
  private static final int OWNED = Cells.COUNT;
  private static final int CACHE_LINE = 16;

  /** Only for the owner. */
  final long[] cells = new long[Cells.COUNT + CACHE_LINE];

  boolean tryOwn() {
    return (long) CELL.getOpaque(cells, OWNED) == 0 && CELL.compareAndSet(cells, OWNED, 0L, 1L);
  }

  void disown() {
    CELL.setRelease(cells, OWNED, 0L);
  }
}
