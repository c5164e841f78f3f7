package dev.hone.batching;

import dev.hone.Cancellation;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ends asynchronous calls at their deadlines; a blocking caller watches its own. Its thread starts
 * with the first deadline.
 */
final class Deadlines implements AutoCloseable {
  private @Nullable ScheduledThreadPoolExecutor timer;

  /** Begins to watch a request; what is returned ends that. */
  Cancellation.Registration watch(Request request) {
    long left = request.deadlineNanos() - System.nanoTime();
    var alarm = timer().schedule(request::expire, left, TimeUnit.NANOSECONDS);
    return () -> alarm.cancel(false);
  }

  /** How many requests are watched. */
  synchronized int watched() {
    return timer == null ? 0 : timer.getQueue().size();
  }

  private synchronized ScheduledThreadPoolExecutor timer() {
    ScheduledThreadPoolExecutor known = timer;
    if (known == null) {
      known =
          new ScheduledThreadPoolExecutor(
              1,
              task -> {
                Thread thread = new Thread(task, "hone-batcher-deadlines");
                thread.setDaemon(true);
                return thread;
              });
      known.setRemoveOnCancelPolicy(true);
      timer = known;
    }
    return known;
  }

  @Override
  public synchronized void close() {
    if (timer != null) {
      timer.shutdownNow();
    }
  }
}
