package dev.hone.metrics;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Takes the times of one run after the other, for a session that runs each call by itself. Used by
 * one thread at a time, and again for the next run; allocates nothing unless a Flight Recorder
 * recording runs.
 *
 * <pre>{@code
 * timer.begin();
 * try {
 *   ...check the inputs
 *   timer.validated();
 *   ...compute
 *   timer.computed();
 *   ...hand over
 *   timer.answered(rows);
 * } finally {
 *   timer.end();
 * }
 * }</pre>
 *
 * <p>A run that is not answered is counted by who knows why; see {@link Recorder#failed} and its
 * neighbours.
 */
public final class RunTimer {
  private final String session;
  private final Recorder recorder;
  private @Nullable RunEvent event;
  private boolean answered;
  private Outcome unanswered = Outcome.FAILED; // how it ends if it is not answered
  private long beginNanos;
  private long validatedNanos;
  private long computedNanos;

  /** A timer for a session of this name. */
  public RunTimer(String session, Recorder recorder) {
    this.session = Objects.requireNonNull(session, "name of a session");
    this.recorder = Objects.requireNonNull(recorder, "recorder; Recorder.disabled() is none");
  }

  private long now() {
    return recorder.isEnabled() ? System.nanoTime() : 0;
  }

  /** A run begins. */
  public void begin() {
    answered = false;
    unanswered = Outcome.FAILED;
    event = RunEvent.running();
    beginNanos = now();
    validatedNanos = beginNanos;
    computedNanos = beginNanos;
  }

  /** Its inputs are good. */
  public void validated() {
    validatedNanos = now();
    computedNanos = validatedNanos;
  }

  /** The model has computed. */
  public void computed() {
    computedNanos = now();
  }

  /** Its results are handed over. */
  public void answered(long rows) {
    answered = true;
    if (recorder.isEnabled()) {
      recorder.ran(
          rows,
          validatedNanos - beginNanos,
          computedNanos - validatedNanos,
          System.nanoTime() - computedNanos);
    }
    finish(rows, Outcome.ANSWERED);
  }

  /** It will not be answered, and counts as this; where nobody says so, it failed. */
  public void unanswered(Outcome why) {
    unanswered = Objects.requireNonNull(why, "outcome of a run");
  }

  /** The run is over, answered or not. */
  public void end() {
    if (!answered) {
      finish(0, unanswered);
    }
  }

  private void finish(long rows, Outcome outcome) {
    if (event != null) {
      event.ended(session, rows, outcome);
      event = null;
    }
  }
}
