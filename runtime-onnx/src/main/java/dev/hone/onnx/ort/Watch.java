package dev.hone.onnx.ort;

import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Stops one run when its deadline passes or its caller cancels. A stop that comes too late does
 * nothing: the lane, and so the flag that stops its runs, belongs to the next run by then.
 */
final class Watch implements AutoCloseable {
  private final Lane lane;
  private final OrtLibrary library;
  private final long timeoutNanos;
  private Cancellation.@Nullable Registration registration;
  private @Nullable ScheduledFuture<?> alarm;
  private boolean ended;
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

  private Watch(OrtLibrary library, Lane lane, long timeoutNanos) {
    this.library = library;
    this.lane = lane;
    this.timeoutNanos = timeoutNanos;
  }

  /**
   * Begins to watch.
   *
   * @param remainingNanos what is left of the timeout; only looked at if there is one
   */
  static Watch begin(OrtLibrary library, Lane lane, RunOptions options, long remainingNanos) {
    Watch watch = new Watch(library, lane, options.timeoutNanos());
    if (options.timeoutNanos() != 0) {
      watch.alarm =
          Alarms.CLOCK.schedule(
              () -> watch.stop(Cause.DEADLINE), remainingNanos, TimeUnit.NANOSECONDS);
    }
    options
        .cancellation()
        .ifPresent(c -> watch.registration = c.onCancel(() -> watch.stop(Cause.CANCELLATION)));
    return watch;
  }

  private synchronized void stop(Cause why) {
    if (!ended && cause == null) {
      cause = why;
      library.check(library.api.RunOptionsSetTerminate(lane.runOptions));
    }
  }

  /** What the run's caller gets for a run that was stopped. */
  synchronized HoneException explain(OrtLibrary.Terminated terminated) {
    if (cause == Cause.DEADLINE) {
      return deadlinePassed(timeoutNanos);
    }
    if (cause == Cause.CANCELLATION) {
      return new CancelledException("The run was cancelled by its caller.");
    }
    return terminated;
  }

  static DeadlineException deadlinePassed(long timeoutNanos) {
    return new DeadlineException(
        "The run was not done after its timeout of "
            + timeoutNanos / 1_000_000.0
            + " ms. Allow more time, or give smaller inputs.");
  }

  @Override
  public void close() {
    Cancellation.Registration listening = registration;
    if (listening != null) {
      listening.close();
    }
    ScheduledFuture<?> waiting = alarm;
    if (waiting != null) {
      waiting.cancel(false);
    }
    synchronized (this) {
      ended = true;
      if (cause != null) {
        library.check(library.api.RunOptionsUnsetTerminate(lane.runOptions));
      }
    }
  }
}
