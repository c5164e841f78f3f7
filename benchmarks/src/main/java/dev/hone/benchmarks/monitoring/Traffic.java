package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Session;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Phaser;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/** Requests to a session, in turn from a list. */
final class Traffic {
  /** What a request took that was refused or failed: longer than any other. */
  static final long FAILED = Long.MAX_VALUE;

  private static final int UNDER_WAY = 32;

  private Traffic() {}

  /**
   * Times at which requests come by themselves, while their rate changes evenly from one to another
   * (a Poisson process, by thinning): in nanoseconds from the beginning.
   */
  static long[] ramp(double fromPerSecond, double toPerSecond, double seconds, long seed) {
    Random random = new Random(seed);
    double most = Math.max(fromPerSecond, toPerSecond);
    long[] due = new long[(int) (2 * most * seconds) + 100];
    int count = 0;
    for (double time = 0; count < due.length; ) {
      time -= Math.log(1 - random.nextDouble()) / most;
      if (time >= seconds) {
        break;
      }
      double rate = fromPerSecond + (toPerSecond - fromPerSecond) * time / seconds;
      if (random.nextDouble() * most < rate) {
        due[count++] = (long) (time * 1e9);
      }
    }
    return Arrays.copyOf(due, count);
  }

  /**
   * Sends each request when it is due, whether earlier ones are answered or not.
   *
   * @return how long each took, in nanoseconds from when it was due
   */
  static long[] send(Session session, List<Batch> requests, long[] due) {
    AtomicLongArray took = new AtomicLongArray(due.length);
    Phaser open = new Phaser(1);
    long start = System.nanoTime();
    for (int i = 0; i < due.length; i++) {
      long at = start + due[i];
      for (long left = at - System.nanoTime(); left > 0; left = at - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
      open.register();
      int request = i;
      CompletableFuture<?> unused =
          session
              .runAsync(requests.get(i % requests.size()))
              .whenComplete(
                  (output, failure) -> {
                    took.set(request, failure == null ? System.nanoTime() - at : FAILED);
                    if (output != null) {
                      output.close();
                    }
                    open.arriveAndDeregister();
                  });
    }
    open.arriveAndAwaitAdvance();
    long[] result = new long[due.length];
    Arrays.setAll(result, took::get);
    return result;
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
