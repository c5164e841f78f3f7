package dev.hone;

import java.util.ArrayList;
import java.util.List;

/**
 * A switch that stops runs. One may be given to many runs through {@link RunOptions}; once thrown
 * it stays so. Thread-safe.
 */
public final class Cancellation {
  private final List<Runnable> listeners = new ArrayList<>();
  private boolean cancelled;

  /** A switch that is off. */
  public Cancellation() {}

  /** Stops all runs that have this switch, now and later. Returns at once. */
  public void cancel() {
    List<Runnable> toTell;
    synchronized (this) {
      if (cancelled) {
        return;
      }
      cancelled = true;
      toTell = List.copyOf(listeners);
      listeners.clear();
    }
    toTell.forEach(Runnable::run);
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
    boolean now;
    synchronized (this) {
      now = cancelled;
      if (!now) {
        listeners.add(listener);
      }
    }
    if (now) {
      listener.run();
    }
    return () -> remove(listener);
  }

  private synchronized void remove(Runnable listener) {
    listeners.remove(listener);
  }

  /** An ongoing listening. */
  @FunctionalInterface
  public interface Registration extends AutoCloseable {
    /** Ends it. */
    @Override
    void close();
  }
}
