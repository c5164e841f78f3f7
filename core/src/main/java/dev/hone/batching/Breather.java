package dev.hone.batching;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * Lets callers that were just answered, or come at the same time, queue before a free lane is used.
 *
 * <p>A batch answers many callers at once, and most of them call again as soon as they get a
 * processor. The first would find a lane free and run alone, the second likewise, and all others
 * pay for these small batches. So who takes a lane offers its processor to whoever wants to run,
 * once. Where nobody does, that returns at once and nothing waits: no lane is idle longer than
 * other threads need the processor anyway.
 *
 * <p>Where that brings nobody {@value #IN_VAIN} times in a row there is one caller, or others than
 * our callers use the processor: then it is left out, first {@value #LEAST_LEFT_OUT} times, and
 * twice as often after each further try in vain. Thread-safe; a count that two threads race for may
 * be off, which does no harm.
 */
final class Breather {
  static final int IN_VAIN = 8;
  static final int LEAST_LEFT_OUT = 16;
  static final int MOST_LEFT_OUT = 1024;

  private final LongSupplier waiting;
  private final Runnable yielding;
  private final AtomicInteger leftOut = new AtomicInteger();
  private final AtomicInteger inVain = new AtomicInteger(); // in a row

  /**
   * A breather.
   *
   * @param waiting how many rows wait
   */
  Breather(LongSupplier waiting) {
    this(waiting, Thread::yield);
  }

  /** With another scheduler; for tests. */
  Breather(LongSupplier waiting, Runnable yielding) {
    this.waiting = waiting;
    this.yielding = yielding;
  }

  /** Takes a break, where that seems worth it. */
  void pause() {
    if (leftOut.get() > 0) {
      leftOut.decrementAndGet();
      return;
    }
    long before = waiting.getAsLong();
    yielding.run();
    if (waiting.getAsLong() > before) {
      inVain.set(0);
      return;
    }
    int tries = inVain.incrementAndGet() - IN_VAIN;
    if (tries >= 0) {
      leftOut.set(Math.min(MOST_LEFT_OUT, LEAST_LEFT_OUT << Math.min(tries, 10)));
    }
  }
}
