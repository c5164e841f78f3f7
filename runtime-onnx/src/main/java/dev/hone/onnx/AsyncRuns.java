package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Failures;
import dev.hone.RunOptions;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.ort.NativeSession;
import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Runs of one session on threads of its own: as many as there are processors, started when needed
 * and ended when idle. Platform threads, because native calls would pin virtual ones.
 */
final class AsyncRuns implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  private final NativeSession session;
  private final Recorder recorder;
  private final ThreadPoolExecutor threads;

  AsyncRuns(NativeSession session, Recorder recorder) {
    this.recorder = recorder;
    this.session = session;
    int count = Runtime.getRuntime().availableProcessors();
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, "hone-async");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /** Runs later. Keeps {@code owner}, whose loss would close the session, until then. */
  CompletableFuture<Batch> submit(Object owner, Batch in, RunOptions options, long deadlineNanos) {
    try {
      session.enter(in);
    } catch (RuntimeException e) {
      Failures.record(recorder, e);
      return CompletableFuture.failedFuture(e);
    }
    Call call = new Call(owner, in, options, deadlineNanos);
    try {
      threads.execute(call);
    } catch (RuntimeException e) {
      session.exit(in);
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
    private final Future future = new Future(cancellation);

    Call(Object owner, Batch in, RunOptions options, long deadlineNanos) {
      this.owner = owner;
      this.in = in;
      this.options = options;
      this.deadlineNanos = deadlineNanos;
    }

    @Override
    public void run() {
      Batch result = null;
      Throwable failure = null;
      try (Cancellation.Registration ignored =
          options.cancellation().map(c -> c.onCancel(cancellation::cancel)).orElse(() -> {})) {
        RunOptions stoppable = options.withCancellation(cancellation);
        result = session.runEntered(in, stoppable, deadlineNanos, future::decide);
      } catch (Throwable e) { // whatever it is, the caller must hear of it
        failure =
            future.decide()
                ? e
                : new CancellationException("The call was cancelled by its caller.");
        Failures.record(recorder, failure);
      } finally {
        session.exit(in); // before completing: what the caller does then may close the session
        Reference.reachabilityFence(owner);
      }
      if (failure != null) {
        future.completeExceptionally(failure);
      } else if (result != null && !future.complete(result)) {
        result.close();
      }
    }
  }

  /**
   * A future whose cancelling stops the run. Either the run or the caller decides how a call ends,
   * whoever is first: so what was counted as answered cannot be cancelled any more.
   */
  private static final class Future extends CompletableFuture<Batch> {
    private final Cancellation cancellation;
    private final AtomicReference<Decision> decision = new AtomicReference<>(Decision.OPEN);

    private enum Decision {
      OPEN,
      BY_RUN,
      BY_CALLER
    }

    Future(Cancellation cancellation) {
      this.cancellation = cancellation;
    }

    /** The run decides, if the caller has not; says whether it was the run. */
    boolean decide() {
      return decision.compareAndSet(Decision.OPEN, Decision.BY_RUN)
          || decision.get() == Decision.BY_RUN;
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      if (!decision.compareAndSet(Decision.OPEN, Decision.BY_CALLER)
          && decision.get() == Decision.BY_RUN) {
        return isCancelled(); // the answer is on its way
      }
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      cancellation.cancel();
      return cancelled;
    }
  }
}
