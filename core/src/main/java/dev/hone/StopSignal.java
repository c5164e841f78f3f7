package dev.hone;

import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stops one run when its deadline passes or its caller cancels, whichever comes first, and tells
 * which it was: for runtimes. Closed when the run has ended; what comes later stops nothing.
 * Thread-safe.
 */
public final class StopSignal implements AutoCloseable {
  private final Cancellation signal = new Cancellation();
  private final long timeoutNanos;
  private final Cancellation.@Nullable Registration registration;
  private final @Nullable ScheduledFuture<?> alarm;
  private @Nullable Cause cause;

  private enum Cause {
    DEADLINE,
    CANCELLATION
  }

  /** One thread for all deadlines, started with the first and ended when idle. */
  private static final class Alarms {
    static final ScheduledThreadPoolExecutor CLOCK = create();

    private static ScheduledThreadPoolExecutor create() {
      ScheduledThreadPoolExecutor clock =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread thread = new Thread(task, "hone-deadlines");
                thread.setDaemon(true);
                return thread;
              });
      clock.setRemoveOnCancelPolicy(true);
      clock.setKeepAliveTime(10, TimeUnit.SECONDS);
      clock.allowCoreThreadTimeOut(true);
      return clock;
    }
  }

  private StopSignal(RunOptions options, long deadlineNanos) {
    this.timeoutNanos = options.timeoutNanos();
    this.alarm = timeoutNanos == 0 ? null : alarm(deadlineNanos - System.nanoTime());
    this.registration =
        options.cancellation().map(c -> c.onCancel(() -> stop(Cause.CANCELLATION))).orElse(null);
  }

  /** Null where the deadline has passed already. */
  private @Nullable ScheduledFuture<?> alarm(long remainingNanos) {
    if (remainingNanos <= 0) {
      stop(Cause.DEADLINE);
      return null;
    }
    return Alarms.CLOCK.schedule(() -> stop(Cause.DEADLINE), remainingNanos, TimeUnit.NANOSECONDS);
  }

  /**
   * When a run that begins now must be done, on the clock of {@link System#nanoTime}; 0 if it has
   * all the time.
   *
   * @throws IllegalArgumentException if there are no options
   */
  public static long deadlineNanos(RunOptions options) {
    InputCheck.requireOptions(options);
    return options.timeoutNanos() == 0 ? 0 : System.nanoTime() + options.timeoutNanos();
  }

  /**
   * What stops a run with these options; null if nothing can.
   *
   * @param deadlineNanos when the run must be done, on the clock of {@link System#nanoTime}; only
   *     looked at if the options have a timeout
   */
  public static @Nullable StopSignal of(RunOptions options, long deadlineNanos) {
    InputCheck.requireOptions(options);
    return options.isStoppable() ? new StopSignal(options, deadlineNanos) : null;
  }

  private void stop(Cause why) {
    synchronized (this) {
      if (cause != null) {
        return;
      }
      cause = why;
    }
    signal.cancel();
  }

  /** Cancelled as soon as the run is to stop. */
  public Cancellation signal() {
    return signal;
  }

  /**
   * Returns if the run may go on.
   *
   * @throws DeadlineException if its deadline has passed
   * @throws CancelledException if its caller has cancelled it
   */
  public synchronized void throwIfStopped() {
    if (cause == Cause.DEADLINE) {
      throw new DeadlineException(
          "The run was not done after its timeout of "
              + RunOptions.millis(timeoutNanos)
              + " ms. Allow more time, or give smaller inputs.");
    }
    if (cause == Cause.CANCELLATION) {
      throw new CancelledException("The run was cancelled by its caller.");
    }
  }

  @Override
  public void close() {
    if (registration != null) {
      registration.close();
    }
    if (alarm != null) {
      alarm.cancel(false);
    }
  }
}
