package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Failures;
import dev.hone.RunOptions;
import dev.hone.metrics.Recorder;
import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Runs on threads of their own, started when needed and ended when idle. There are fewer of them
 * than slots, so that who calls directly finds one.
 */
final class LaneFutures implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  private final LaneRuns runs;
  private final Recorder recorder;
  private final ThreadPoolExecutor threads;

  LaneFutures(LaneRuns runs, Recorder recorder, int count) {
    this.runs = runs;
    this.recorder = recorder;
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "hone-cuda-async");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs later. Keeps {@code owner}, whose loss would close the session, until then. */
  CompletableFuture<Batch> submit(Object owner, Batch in, RunOptions options, long deadlineNanos) {
    try {
      runs.enter(in);
    } catch (RuntimeException e) {
      Failures.record(recorder, e);
      return CompletableFuture.failedFuture(e);
    }
    Call call = new Call(owner, in, options, deadlineNanos);
    try {
      threads.execute(call);
    } catch (RuntimeException e) {
      runs.exit(in);
      Failures.record(recorder, e);
      return CompletableFuture.failedFuture(e);
    }
    return call.future;
  }

  @Override
  public void close() {
    threads.shutdown();
  }

  /** One run that waits for its thread. */
  private final class Call implements Runnable {
    private final Object owner;
    private final Batch in;
    private final RunOptions options;
    private final long deadlineNanos;
    private final Cancellation cancellation = new Cancellation();
    private final CompletableFuture<Batch> future = new CompletableFuture<>();

    Call(Object owner, Batch in, RunOptions options, long deadlineNanos) {
      this.owner = owner;
      this.in = in;
      this.options = options;
      this.deadlineNanos = deadlineNanos;
      // However the future ends: after the run itself this stops nothing any more.
      future.whenComplete((result, failure) -> cancellation.cancel()).exceptionally(e -> null);
    }

    @Override
    public void run() {
      Batch result = null;
      Throwable failure = null;
      try (Cancellation.Registration ignored =
          options.cancellation().map(c -> c.onCancel(cancellation::cancel)).orElse(() -> {})) {
        RunOptions stoppable = options.withCancellation(cancellation);
        result = runs.runEntered(in, stoppable, deadlineNanos);
      } catch (Throwable e) { // whatever it is, the caller must hear of it
        failure =
            future.isCancelled()
                ? new CancellationException("The call was cancelled by its caller.")
                : e;
        Failures.record(recorder, failure);
      } finally {
        runs.exit(in); // before completing: what the caller does then may close the session
        Reference.reachabilityFence(owner);
      }
      if (failure != null) {
        future.completeExceptionally(failure);
      } else if (result != null && !future.complete(result)) {
        result.close(); // cancelled meanwhile: nobody else will
      }
    }
  }
}
