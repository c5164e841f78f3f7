package dev.hone.batching;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.CountDownLatch;

/** Counts calls under way, so that closing can refuse new ones and wait for the others. */
final class Gate {
  private static final VarHandle STATE;
  private static final long CLOSED = 1;
  private static final long ONE_CALL = 2;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Gate.class, "state", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings({"unused", "UnusedVariable"}) // written through STATE
  private volatile long state;

  private final CountDownLatch empty = new CountDownLatch(1);

  /**
   * Begins a call; each needs one {@link #leave}.
   *
   * @throws IllegalStateException if the gate was closed; then none has begun
   */
  void enter() {
    long before = (long) STATE.getAndAdd(this, ONE_CALL);
    if ((before & CLOSED) != 0) {
      leave();
      throw new IllegalStateException(
          "This session, a batcher, was closed. Open a new one, and close it when the last call is"
              + " done.");
    }
  }

  /** How many calls are under way. */
  long underWay() {
    return state / ONE_CALL;
  }

  void leave() {
    long before = (long) STATE.getAndAdd(this, -ONE_CALL);
    if (before == (CLOSED | ONE_CALL)) {
      empty.countDown();
    }
  }

  /** Refuses new calls, and returns when the last one under way has left. */
  void close() {
    long before = (long) STATE.getAndBitwiseOr(this, CLOSED);
    if (before == 0) {
      empty.countDown();
    }
    boolean interrupted = false;
    while (true) {
      try {
        empty.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true; // native memory may not go before the last call has left
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
