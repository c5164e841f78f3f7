package dev.hone.benchmarks.load;

import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntFunction;
import org.HdrHistogram.ConcurrentHistogram;
import org.HdrHistogram.Histogram;

/**
 * Sends requests at the times they are due, whether earlier ones are answered or not, and measures
 * each from the time it was due, not from the time it was sent: a server that stands still makes
 * all that come meanwhile wait, and a measurement that waits too would not see them.
 *
 * <p>A generator that falls behind measures itself. So it watches how late it sends, and a run in
 * which the 99th percentile of that is above a twentieth of the time limit is void.
 */
public final class OpenLoop {
  /** What a request took that was refused or failed: longer than any other. */
  public static final long FAILED = Long.MAX_VALUE;

  private static final double MOST_LAG = 0.05;
  private static final int DIGITS = 3;

  private OpenLoop() {}

  /**
   * What a run gave.
   *
   * @param perSecond answers in a second
   * @param p50Millis half of the requests were answered within this time
   * @param p99Millis all but a hundredth were
   * @param lagMillis all but a hundredth were sent no later than this after they were due
   * @param failed requests that were refused or failed
   * @param isVoid whether the generator was too late for the figures to mean anything
   * @param tookNanos how long each request took from when it was due, or {@link #FAILED}
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public record Result(
      double perSecond,
      double p50Millis,
      double p99Millis,
      double lagMillis,
      long failed,
      boolean isVoid,
      long[] tookNanos) {
    boolean meets(double limitMillis) {
      return !isVoid && failed == 0 && p99Millis <= limitMillis;
    }
  }

  /** The time, and a way to wait for it. */
  interface Time {
    /** In nanoseconds, from no moment in particular. */
    long nanos();

    /** Returns when it is so late. */
    void waitUntil(long nanos);
  }

  private static final class SystemTime implements Time {
    @Override
    public long nanos() {
      return System.nanoTime();
    }

    /** Never spins: that would take the time from the server which is measured. */
    @Override
    public void waitUntil(long nanos) {
      for (long left = nanos - System.nanoTime(); left > 0; left = nanos - System.nanoTime()) {
        LockSupport.parkNanos(left);
      }
    }
  }

  /**
   * Runs.
   *
   * @param due when each request is due, in nanoseconds from the beginning
   * @param send sends the request of this index; must not block
   * @param limitMillis the time within which answers are wanted
   */
  public static Result run(long[] due, IntFunction<CompletableFuture<?>> send, double limitMillis) {
    return run(due, send, limitMillis, new SystemTime());
  }

  /** The same by another clock. */
  static Result run(
      long[] due, IntFunction<CompletableFuture<?>> send, double limitMillis, Time time) {
    Histogram latency = new ConcurrentHistogram(DIGITS);
    AtomicLongArray took = new AtomicLongArray(due.length);
    Histogram lag = new Histogram(DIGITS);
    LongAdder failed = new LongAdder();
    Phaser open = new Phaser(1);
    long start = time.nanos();
    for (int i = 0; i < due.length; i++) {
      long at = start + due[i];
      time.waitUntil(at);
      lag.recordValue(Math.max(0, time.nanos() - at));
      open.register();
      int request = i;
      CompletableFuture<?> unused =
          send.apply(i)
              .whenComplete(
                  (answer, failure) -> {
                    long nanos = Math.max(0, time.nanos() - at);
                    latency.recordValue(nanos);
                    took.set(request, failure == null ? nanos : FAILED);
                    if (failure != null) {
                      failed.increment();
                    }
                    open.arriveAndDeregister();
                  });
    }
    open.arriveAndAwaitAdvance();
    double seconds = (time.nanos() - start) / 1e9;
    double lagMillis = lag.getValueAtPercentile(99) / 1e6;
    long[] tookNanos = new long[due.length];
    Arrays.setAll(tookNanos, took::get);
    return new Result(
        (due.length - failed.sum()) / seconds,
        latency.getValueAtPercentile(50) / 1e6,
        latency.getValueAtPercentile(99) / 1e6,
        lagMillis,
        failed.sum(),
        lagMillis > MOST_LAG * limitMillis,
        tookNanos);
  }
}
