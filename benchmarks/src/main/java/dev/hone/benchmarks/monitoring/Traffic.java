package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.load.OpenLoop;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;

/** Requests to a session, in turn from a list. */
final class Traffic {
  private static final int UNDER_WAY = 32;

  private Traffic() {}

  /**
   * Sends each request when it is due, whether earlier ones are answered or not.
   *
   * @param limitMillis the time within which answers are wanted
   */
  static OpenLoop.Result send(
      Session session, List<Batch> requests, long[] due, double limitMillis) {
    return OpenLoop.run(
        due,
        i -> session.runAsync(requests.get(i % requests.size())).thenAccept(Batch::close),
        limitMillis);
  }

  /** Sends so many requests, as fast as they are answered, with 32 under way. */
  static void flood(Session session, List<Batch> requests, int count) throws InterruptedException {
    Semaphore room = new Semaphore(UNDER_WAY);
    for (int i = 0; i < count; i++) {
      room.acquire();
      CompletableFuture<?> unused =
          session
              .runAsync(requests.get(i % requests.size()))
              .whenComplete(
                  (output, failure) -> {
                    if (output != null) {
                      output.close();
                    }
                    room.release();
                  });
    }
    room.acquire(UNDER_WAY);
  }

  /** How many requests are answered in a second when there is always something to do. */
  static double capacity(Session session, List<Batch> requests, int count)
      throws InterruptedException {
    flood(session, requests, count / 2);
    double best = 0;
    for (int round = 0; round < 3; round++) {
      long start = System.nanoTime();
      flood(session, requests, count);
      best = Math.max(best, count * 1e9 / (System.nanoTime() - start));
    }
    return best;
  }

  /** The 99th percentile of these times, in milliseconds. */
  static double p99Millis(long[] took) {
    long[] sorted = took.clone();
    Arrays.sort(sorted);
    return sorted[(int) Math.ceil(0.99 * sorted.length) - 1] / 1e6;
  }
}
