package dev.hone.cuda.lane;

import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stops one run when its deadline passes or its caller cancels, whichever comes first. Only for
 * runs that may be stopped; what the device has begun it finishes.
 */
final class Stop implements AutoCloseable {
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
                Thread thread = new Thread(task, "hone-cuda-deadlines");
                thread.setDaemon(true);
                return thread;
              });
      clock.setRemoveOnCancelPolicy(true);
      clock.setKeepAliveTime(10, TimeUnit.SECONDS);
      clock.allowCoreThreadTimeOut(true);
      return clock;
    }
  }

  private Stop(RunOptions options, long deadlineNanos) {
    this.timeoutNanos = options.timeoutNanos();
    this.alarm =
        timeoutNanos == 0
            ? null
            : Alarms.CLOCK.schedule(
                () -> stop(Cause.DEADLINE),
                deadlineNanos - System.nanoTime(),
                TimeUnit.NANOSECONDS);
    this.registration =
        options.cancellation().map(c -> c.onCancel(() -> stop(Cause.CANCELLATION))).orElse(null);
  }

  /** What stops a run with these options; null if nothing can. */
  static @Nullable Stop of(RunOptions options, long deadlineNanos) {
    return options.isStoppable() ? new Stop(options, deadlineNanos) : null;
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

  /** Thrown when the run is to stop. */
  Cancellation signal() {
    return signal;
  }

  /** Throws what the caller of a stopped run gets; nothing if the run goes on. */
  synchronized void throwIfStopped() {
    if (cause == Cause.DEADLINE) {
      throw new DeadlineException(
          "The run was not done after its timeout of "
              + timeoutNanos / 1_000_000.0
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
