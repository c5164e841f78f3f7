package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.RunOptions;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/**
 * Runs on platform threads what virtual threads ask a session for by itself: native code would
 * block their carriers, and with them all that wait for a carrier. The threads start when needed
 * and end when idle. A call that ends while it waits for a thread never gets to the session, which
 * so does not count it. Thread-safe.
 */
final class VirtualCalls implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  private final Gate gate = new Gate();
  private final ThreadPoolExecutor threads;

  /** No thread yet. */
  VirtualCalls() {
    int processors = Runtime.getRuntime().availableProcessors();
    this.threads =
        new ThreadPoolExecutor(
            processors,
            processors,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "hone-batcher-virtual");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs this on a platform thread while the caller waits for it; throws what it throws.
   *
   * @param options how; what is left of their time is passed on
   * @throws IllegalStateException if it was closed
   */
  Batch run(RunOptions options, Function<RunOptions, Batch> running) {
    gate.enter();
    try {
      Waiting waiting = new Waiting(options, running);
      Cancellation cancellation = options.cancellation().orElse(null);
      try (Cancellation.Registration ignored =
          cancellation == null ? () -> {} : cancellation.onCancel(waiting::cancel)) {
        threads.execute(waiting);
        return waiting.await();
      }
    } finally {
      gate.leave();
    }
  }

  /** Refuses new calls, and returns when those under way have ended. */
  @Override
  public void close() {
    gate.close();
    threads.shutdown();
  }

  /** One call, and the thread that waits for it. */
  private static final class Waiting implements Runnable {
    private enum Phase {
      WAITING,
      RUNNING
    }

    private final RunOptions options;
    private final Function<RunOptions, Batch> running;
    private final Thread caller = Thread.currentThread();
    private final long begunNanos = System.nanoTime();
    private final AtomicReference<Object> state = new AtomicReference<>(Phase.WAITING);

    Waiting(RunOptions options, Function<RunOptions, Batch> running) {
      this.options = options;
      this.running = running;
    }

    private long leftNanos() {
      return begunNanos + options.timeoutNanos() - System.nanoTime();
    }

    @Override
    public void run() {
      if (!state.compareAndSet(Phase.WAITING, Phase.RUNNING)) {
        return;
      }
      Object end;
      try {
        boolean timed = options.timeoutNanos() != 0;
        Duration left = Duration.ofNanos(Math.max(1, leftNanos()));
        end = running.apply(timed ? options.withTimeout(left) : options);
      } catch (Throwable e) { // whatever it is, the caller must hear of it
        end = new Failure(e);
      }
      state.set(end);
      LockSupport.unpark(caller);
    }

    void cancel() {
      endWaiting(Failure.cancelled());
      LockSupport.unpark(caller);
    }

    private boolean endWaiting(Throwable why) {
      return state.compareAndSet(Phase.WAITING, new Failure(why));
    }

    Batch await() {
      boolean interrupted = false;
      boolean endedHere = false;
      Object end = state.get();
      while (end instanceof Phase) {
        if (options.timeoutNanos() != 0 && end == Phase.WAITING) {
          long left = leftNanos();
          if (left <= 0) {
            endedHere = endWaiting(Failure.expired(options, true));
          } else {
            LockSupport.parkNanos(this, left);
          }
        } else {
          LockSupport.park(this);
        }
        if (Thread.interrupted()) {
          interrupted = true; // the caller shall know
          endedHere |=
              endWaiting(Failure.interrupted()); // a run that has begun cannot be interrupted
        }
        end = state.get();
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
      return Failure.outcome(Objects.requireNonNull(end), endedHere);
    }
  }
}
