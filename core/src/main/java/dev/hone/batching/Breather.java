package dev.hone.batching;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Lets callers that were just answered come back before the next batch is formed.
 *
 * <p>A batch answers many callers at once, and most of them call again as soon as they get a
 * processor. If the thread that ran the batch keeps its own, it forms the next one from the two or
 * three that were quick, and all others pay for that small batch. So it offers its processor to
 * whoever wants to run, once. Where nobody does, that returns at once and nothing waits.
 *
 * <p>Threads that are none of our callers may take the processor too, and keep it. A break that
 * lasted longer than the batch before it was not worth its time: then the next {@value #BREAKS_OFF}
 * are left out. Thread-safe; a count that two threads race for may be one off, which does no harm.
 */
final class Breather {
  static final int BREAKS_OFF = 64;

  private final Runnable yielding;
  private final LongSupplier nanoTime;
  private final AtomicInteger off = new AtomicInteger();

  Breather() {
    this(Thread::yield, System::nanoTime);
  }

  /** With another scheduler and clock; for tests. */
  Breather(Runnable yielding, LongSupplier nanoTime) {
    this.yielding = yielding;
    this.nanoTime = nanoTime;
  }

  /** Takes a break after a batch that answered so many calls in so long. */
  void after(int calls, long ranNanos) {
    if (calls < 2) {
      return; // whoever was alone brings nobody back with him
    }
    if (off.get() > 0) {
      off.decrementAndGet();
      return;
    }
    long begin = nanoTime.getAsLong();
    yielding.run();
    if (nanoTime.getAsLong() - begin > ranNanos) {
      off.set(BREAKS_OFF);
    }
  }
}
