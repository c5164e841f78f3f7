package dev.hone;

import dev.hone.metrics.Recorder;
import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;

/**
 * Runs of one session on threads of its own, started when needed and ended when idle: for runtimes.
 * Platform threads, because native calls would pin virtual ones. Thread-safe.
 */
public final class AsyncRuns implements AutoCloseable {
  private static final long IDLE_SECONDS = 10;

  /**
   * What runs. A call that {@link #enter} took is ended by {@link #exit}, whatever becomes of it.
   */
  public interface Runner {
    /**
     * Begins a call that will run later: checks and holds its inputs, and lets closing wait for it.
     *
     * @throws IllegalArgumentException if the inputs do not fit
     * @throws IllegalStateException if the session is closed
     */
    void enter(Batch in);

    /**
     * Runs, between {@link #enter} and {@link #exit}.
     *
     * @param deadlineNanos when the run must be done, on the clock of {@link System#nanoTime}; only
     *     looked at if the options have a timeout
     * @param wanted asked once, when the result is there and before it is counted: whether it is
     *     still wanted
     * @return the result, which the caller owns
     */
    Batch runEntered(Batch in, RunOptions options, long deadlineNanos, BooleanSupplier wanted);

    /** Ends a call. */
    void exit(Batch in);
  }

  private final Runner runner;
  private final Recorder recorder;
  private final ThreadPoolExecutor threads;

  /**
   * Makes no thread yet.
   *
   * @param recorder counts the calls that fail
   * @param name what the threads are called
   * @param count how many threads at most, at least 1
   */
  public AsyncRuns(Runner runner, Recorder recorder, String name, int count) {
    this.runner = Given.value(runner, "runner", "Give what runs.");
    this.recorder = Given.value(recorder, "recorder", "Take Recorder.disabled() for none.");
    this.threads =
        new ThreadPoolExecutor(
            count,
            count,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            task -> {
              Thread thread = new Thread(task, name);
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * Runs later. A failure, also of the inputs, is the future's.
   *
   * @param owner what is kept until then, because its loss would close the session
   * @param in the inputs, borrowed until the future ends
   * @param options of the run, whose timeout begins now
   */
  public CompletableFuture<Batch> submit(Object owner, Batch in, RunOptions options) {
    long deadlineNanos;
    try {
      deadlineNanos = StopSignal.deadlineNanos(options);
      runner.enter(in);
    } catch (RuntimeException e) {
      Failures.record(recorder, e);
      return CompletableFuture.failedFuture(e);
    }
    Call call = new Call(owner, in, options, deadlineNanos);
    try {
      threads.execute(call);
    } catch (RuntimeException e) {
      runner.exit(in);
      Failures.record(recorder, e);
      return CompletableFuture.failedFuture(e);
    }
    return call.future;
  }

  /** Takes no more runs; those taken still run. */
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
        future.throwIfEndedByCaller();
        RunOptions stoppable = options.withCancellation(cancellation);
        result = runner.runEntered(in, stoppable, deadlineNanos, future::decide);
      } catch (Throwable e) { // whatever it is, the caller must hear of it
        failure = future.decided(e);
        Failures.record(recorder, failure);
      } finally {
        runner.exit(in); // before completing: what the caller does then may close the session
        Reference.reachabilityFence(owner);
      }
      future.finish(result, failure);
    }
  }

  /**
   * Either the run or the caller decides how a call ends, whoever is first: so what was counted as
   * answered cannot be cancelled any more.
   */
  private static final class Future extends CallFuture {
    private static final Object OPEN = "open";
    private static final Object BY_RUN = "by the run";

    private final Cancellation cancellation;

    /** One of these, or why the call ends if its caller decides. */
    private final AtomicReference<Object> decision = new AtomicReference<>(OPEN);

    Future(Cancellation cancellation) {
      this.cancellation = cancellation;
    }

    /** The run decides, if the caller has not; says whether it was the run. */
    boolean decide() {
      return decision.compareAndSet(OPEN, BY_RUN) || decision.get() == BY_RUN;
    }

    /** With what a call ends whose run threw this: that, if the caller has not decided. */
    Throwable decided(Throwable thrown) {
      return decide() || !(decision.get() instanceof Throwable why) ? thrown : why;
    }

    /** What nobody waits for any more need not begin. */
    void throwIfEndedByCaller() {
      if (decision.get() instanceof Throwable) {
        throw new CancellationException();
      }
    }

    @Override
    protected boolean stop(Throwable why) {
      boolean stops = decision.compareAndSet(OPEN, why);
      if (stops) {
        cancellation.cancel();
      }
      return stops;
    }
  }
}
