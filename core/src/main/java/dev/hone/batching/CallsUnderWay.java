package dev.hone.batching;

import dev.hone.Failures;
import dev.hone.HoneException.OverloadException;
import dev.hone.metrics.Recorder;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Counts the calls that a batcher has taken, and how they end: so that closing can wait for them,
 * and for the recorder and the trial. Completes the futures of those that nobody blocks for.
 * Thread-safe.
 */
final class CallsUnderWay implements RequestEvents {
  private final Gate gate = new Gate();
  private final Admission admission;
  private final Recorder recorder;
  private final Executor callbacks;
  private final @Nullable Trial trial;

  CallsUnderWay(Admission admission, Recorder recorder, Executor callbacks, @Nullable Trial trial) {
    this.admission = admission;
    this.recorder = recorder;
    this.callbacks = callbacks;
    this.trial = trial;
  }

  /** How many there are. */
  long count() {
    return gate.underWay();
  }

  /**
   * Begins a call; each needs one {@link #leave}.
   *
   * @throws IllegalStateException after {@link #close}; then none has begun
   */
  void enter(long begunNanos) {
    try {
      gate.enter();
    } catch (IllegalStateException e) {
      record(e);
      throw e;
    }
    if (trial != null) {
      trial.began(begunNanos);
    }
  }

  void leave(long begunNanos) {
    if (trial != null) {
      trial.ended(begunNanos, gate.underWay());
    }
    gate.leave();
  }

  /** Counts a call that failed; refusals count where they are made. */
  void record(Throwable thrown) {
    if (!(thrown instanceof OverloadException)) {
      Failures.record(recorder, thrown);
    }
  }

  /** Refuses new calls, and returns when the last one has left. */
  void close() {
    gate.close();
  }

  @Override
  public Executor callbacks() {
    return callbacks;
  }

  @Override
  public void leftQueue(Request request) {
    admission.left(request);
  }

  @Override
  public void answered(Request request, Flight flight) {
    if (!recorder.isEnabled()) {
      return;
    }
    long now = System.nanoTime();
    recorder.answered(
        Kind.countedRows(request.in),
        request.submittedNanos - request.begunNanos,
        flight.formedNanos - request.submittedNanos,
        flight.runBeginNanos - flight.formedNanos,
        flight.runNanos(),
        now - flight.runEndNanos);
    if (request.hasDeadline() && now - request.deadlineNanos() > 0) {
      recorder.late();
    }
  }

  @Override
  public void failed(AsyncRequest request, Failure failure) {
    record(failure.cause());
    leave(request.begunNanos); // before completing: what the caller does then may close the batcher
    if (request.hasDependents()) {
      callBack(() -> request.finish(failure));
    } else {
      request.finish(failure);
    }
  }

  /** Has dependents of a future run, by what completes it. */
  void callBack(Runnable finish) {
    try {
      callbacks.execute(finish);
    } catch (RuntimeException | Error e) {
      finish.run(); // better here than never; if it ran there, the second time changes nothing
    }
  }

  @Override
  public void finish(Answers answers) {
    answers.complete(callbacks, request -> leave(request.begunNanos));
  }
}
