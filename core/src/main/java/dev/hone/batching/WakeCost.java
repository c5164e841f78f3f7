package dev.hone.batching;

import java.util.Arrays;
import java.util.concurrent.locks.LockSupport;

/** How long waking a thread takes on this machine: what a caller pays that has to wait. */
final class WakeCost {
  private static final int ROUNDS = 200;
  private static final int TRIES = 5;
  private static final long LEAST_NANOS = 500;
  private static volatile long known;

  private volatile int turn;

  private WakeCost() {}

  /** The time in nanoseconds; measured once. */
  static long nanos() {
    long nanos = known;
    if (nanos == 0) {
      nanos = Long.MAX_VALUE;
      for (int i = 0; i < TRIES; i++) { // in a busy moment it takes ten times as long
        nanos = Math.min(nanos, new WakeCost().measure());
      }
      known = nanos;
    }
    return nanos;
  }

  /** Two threads wake each other in turns; the fastest quarter of rounds is free of accidents. */
  private long measure() {
    Thread caller = Thread.currentThread();
    Thread echo = new Thread(() -> echo(caller), "hone-batcher-echo");
    echo.setDaemon(true);
    echo.start();
    long[] took = new long[ROUNDS];
    for (int i = 0; i < ROUNDS; i++) {
      long start = System.nanoTime();
      turn = 2 * i + 1;
      LockSupport.unpark(echo);
      awaitTurn(2 * i + 2);
      took[i] = System.nanoTime() - start;
    }
    Arrays.sort(took);
    return Math.max(LEAST_NANOS, took[ROUNDS / 4] / 2);
  }

  private void echo(Thread caller) {
    for (int i = 0; i < ROUNDS; i++) {
      awaitTurn(2 * i + 1);
      turn = 2 * i + 2;
      LockSupport.unpark(caller);
    }
  }

  private void awaitTurn(int wanted) {
    while (turn < wanted) {
      LockSupport.park(this);
    }
  }
}
