package dev.hone.onnx.ort;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Counts calls under way, and lets a closing wait for them. Entering and leaving cost one atomic
 * operation each.
 */
public final class CallGate {
  private static final VarHandle STATE;
  private static final int CLOSED = 1;
  private static final int ONE_CALL = 2;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(CallGate.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final String what;
  private volatile @Nullable Thread closer;

  @SuppressWarnings({"unused", "UnusedVariable"}) // written through STATE
  private volatile int state;

  /** A gate that is open. {@code what} names in messages what is behind it. */
  public CallGate(String what) {
    this.what = what;
  }

  /**
   * Begins a call.
   *
   * @throws IllegalStateException if the gate is closed
   */
  public void enter() {
    int seen;
    do {
      seen = state;
      if ((seen & CLOSED) != 0) {
        throw new IllegalStateException(
            "The " + what + " was closed. Close it only when nothing uses it any more.");
      }
    } while (!STATE.weakCompareAndSet(this, seen, seen + ONE_CALL));
  }

  /** Ends a call. */
  public void exit() {
    int before = (int) STATE.getAndAdd(this, -ONE_CALL);
    if (before == (ONE_CALL | CLOSED)) {
      LockSupport.unpark(closer);
    }
  }

  /**
   * Refuses further calls and waits until those under way have ended.
   *
   * @return whether this was the first closing; only then may what is behind the gate be freed
   */
  public boolean close() {
    int seen;
    do {
      seen = state;
      if ((seen & CLOSED) != 0) {
        return false;
      }
    } while (!STATE.weakCompareAndSet(this, seen, seen | CLOSED));
    closer = Thread.currentThread();
    boolean interrupted = false;
    while (state != CLOSED) {
      LockSupport.park(this);
      interrupted |= Thread.interrupted();
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return true;
  }
}
