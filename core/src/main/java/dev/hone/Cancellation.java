package dev.hone;

import java.util.ArrayList;
import java.util.List;

/**
 * A switch that stops runs. One may be given to many runs through {@link RunOptions}; once thrown
 * it stays so. Thread-safe.
 */
public final class Cancellation {
  private final List<Listening> listeners = new ArrayList<>();
  private boolean cancelled;

  /** A switch that is off. */
  public Cancellation() {}

  /** Stops all runs that have this switch, now and later. Returns at once. */
  public void cancel() {
    List<Listening> toTell;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      toTell = List.copyOf(listeners);
      listeners.clear();
    }
    toTell.forEach(listening -> listening.listener.run());
  }

  /** Whether the switch was thrown. */
  public synchronized boolean isCancelled() {
    return cancelled;
  }

  /**
   * Calls {@code listener} when the switch is thrown, or at once if it was. For runtimes: a
   * listener must be fast and must not throw.
   *
   * @return ends the listening
   */
  public Registration onCancel(Runnable listener) {
    Given.value(listener, "listener of a cancellation", "Give what stops the run.");
    Listening listening = new Listening(listener);
    boolean now;
    synchronized (this) {
      now = cancelled;
      if (!now) {
        listeners.add(listening);
      }
    }
    if (now) {
      listener.run();
    }
    return () -> remove(listening);
  }

  private synchronized void remove(Listening listening) {
    listeners.remove(listening);
  }

  /** {@code cancelled}, or {@code not cancelled}. */
  @Override
  public String toString() {
    return isCancelled() ? "cancelled" : "not cancelled";
  }

  /** One registration; equal to no other, even of the same listener. */
  private static final class Listening {
    final Runnable listener;

    Listening(Runnable listener) {
      this.listener = listener;
    }
  }

  /** An ongoing listening. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    /** Ends it. */
    @Override
    void close();
  }
}
