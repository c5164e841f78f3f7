package dev.hone.memory;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A life that ends once: with the last of {@link #close} and the {@link #release}s of those who
 * hold it. Each of these is one atomic operation and allocates nothing. Thread-safe.
 */
abstract class Lifetime implements AutoCloseable {
  private static final VarHandle STATE;
  private static final int CLOSED = 1;
  private static final int ONE_HOLD = 2;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Lifetime.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @SuppressWarnings({"unused", "UnusedVariable"}) // written through STATE
  private volatile int state;

  /** Frees what lived. Called once. */
  abstract void end();

  /** What is said to whom uses it after it was closed. */
  abstract IllegalStateException closed();

  /**
   * Keeps the memory alive until {@link #release}, whoever closes it meanwhile. Every hold needs
   * exactly one release.
   *
   * @throws IllegalStateException if it is closed
   */
  public void hold() {
    int seen;
    do {
      seen = state;
      if ((seen & CLOSED) != 0) {
        throw closed();
      }
    } while (!STATE.weakCompareAndSet(this, seen, seen + ONE_HOLD));
  }

  /**
   * Ends one {@link #hold}.
   *
   * @throws IllegalStateException if nobody holds it
   */
  public void release() {
    int seen;
    do {
      seen = state;
      if (seen < ONE_HOLD) {
        throw new IllegalStateException("Memory was released more often than it was held.");
      }
    } while (!STATE.weakCompareAndSet(this, seen, seen - ONE_HOLD));
    if (seen == (ONE_HOLD | CLOSED)) {
      end();
    }
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return (state & CLOSED) != 0;
  }

  /** Whether it is closed and nobody holds it. */
  boolean isGone() {
    return state == CLOSED;
  }

  /** Ends the life, once those who hold it have released it; again, it does nothing. */
  @Override
  public void close() {
    int seen;
    do {
      seen = state;
      if ((seen & CLOSED) != 0) {
        return;
      }
    } while (!STATE.weakCompareAndSet(this, seen, seen | CLOSED));
    if (seen == 0) {
      end();
    }
  }
}
