package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.CallFuture;
import dev.hone.Failures;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.metrics.Recorder;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Runs calls that share nothing, and counts them. Thread-safe. */
final class Alone {
  private final Sessions sessions;
  private final CallsUnderWay calls;
  private final LongSupplier callsUnderWay;
  private final Recorder recorder;

  Alone(Sessions sessions, CallsUnderWay calls, Recorder recorder) {
    this.sessions = sessions;
    this.calls = calls;
    this.callsUnderWay = calls::count;
    this.recorder = recorder;
  }

  /**
   * Runs a call in its caller's thread; one that fails is counted by the caller.
   *
   * @param readyNanos when it could run, which may be when it began: what comes before takes less
   *     than to look at a clock, unless it waits
   */
  Batch run(Batch in, @Nullable Batch out, RunOptions options, long begunNanos, long readyNanos) {
    Session session = session();
    Batch results = out;
    if (results == null) {
      results = session.run(in, options);
    } else {
      session.run(in, results, options);
    }
    if (recorder.isEnabled()) {
      long runNanos = System.nanoTime() - readyNanos;
      recorder.ran(in.tensor(0).shape().rows(), readyNanos - begunNanos, runNanos, 0);
    }
    return results;
  }

  private Session session() {
    return sessions.of(sessions.isForLone(1, callsUnderWay));
  }

  /** Runs a call on the session's own threads. */
  @SuppressWarnings("FutureReturnValueIgnored") // what whenComplete returns says nothing new
  CompletableFuture<Batch> runAsync(Batch in, RunOptions options, long begunNanos) {
    long startNanos = System.nanoTime();
    long rows = in.tensor(0).shape().rows();
    CompletableFuture<Batch> run = session().runAsync(in, options);
    Answer answer = new Answer(run, calls);
    run.whenComplete(
        (results, thrown) -> {
          try {
            if (thrown == null) {
              long now = System.nanoTime();
              recorder.ran(rows, startNanos - begunNanos, now - startNanos, 0);
            } else {
              Failures.record(recorder, thrown);
            }
          } finally {
            answer.end(results, thrown);
          }
        });
    return answer;
  }

  /**
   * What the caller gets, not the session's own future: whatever the caller does with it, that one
   * tells how the run ended, and so how the call counts.
   */
  private static final class Answer extends CallFuture {
    private final CompletableFuture<Batch> run;
    private final CallsUnderWay calls;

    Answer(CompletableFuture<Batch> run, CallsUnderWay calls) {
      this.run = run;
      this.calls = calls;
    }

    void end(@Nullable Batch results, @Nullable Throwable thrown) {
      if (getNumberOfDependents() > 0 && !isDone()) {
        calls.callBack(() -> finish(results, thrown));
      } else {
        finish(results, thrown);
      }
    }

    @Override
    protected boolean stop(Throwable why) {
      return stop(run, why);
    }

    @Override
    public Executor defaultExecutor() {
      Executor callbacks = calls.callbacks();
      return callbacks == ForkJoinPool.commonPool() ? super.defaultExecutor() : callbacks;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new AsyncRequest.Stage<>(defaultExecutor());
    }
  }
}
