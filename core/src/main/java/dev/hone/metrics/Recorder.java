package dev.hone.metrics;

import java.util.Objects;

/**
 * Takes note of what a session does. Sessions call it on their hot path: it takes primitives,
 * allocates nothing, and may be called from any thread.
 *
 * <p>{@link RunTimer} does the calling for a session that runs each call by itself.
 *
 * <p>Every call to a session ends in exactly one of {@link #ran}, {@link #answered}, {@link
 * #failed}, {@link #rejected}, {@link #expired} and {@link #cancelled}.
 *
 * <p>An application rarely needs more than {@link SessionStats} and {@link SessionMetrics}. One
 * that wants each event implements this; sessions guard themselves against what it may throw.
 */
public interface Recorder {
  /**
   * A recorder that counts.
   *
   * @param name a short name of the session, for events
   * @param capacity what the session can do at most
   * @param gauges asked for each snapshot
   */
  static Recorder counting(String name, Capacity capacity, Gauges gauges) {
    Objects.requireNonNull(name, "name of a recorder");
    Objects.requireNonNull(capacity, "capacity of a session; Capacity.of(1) is the least");
    Objects.requireNonNull(gauges, "gauges of a session");
    return new CountingRecorder(name, capacity, gauges, System::nanoTime);
  }

  /** A recorder that does nothing. */
  static Recorder disabled() {
    return DisabledRecorder.INSTANCE;
  }

  /** A recorder whose exceptions never reach the caller; the first one is logged. */
  static Recorder guarded(Recorder recorder) {
    Objects.requireNonNull(recorder, "recorder; Recorder.disabled() is none");
    return recorder instanceof CountingRecorder
            || recorder instanceof DisabledRecorder
            || recorder instanceof GuardedRecorder
        ? recorder
        : new GuardedRecorder(recorder);
  }

  /** Whether times are wanted at all; if not, a session need not look at the clock. */
  default boolean isEnabled() {
    return true;
  }

  /**
   * A call was a run of its own and was answered.
   *
   * @param rows its rows
   * @param validateNanos time to check and bind the inputs
   * @param runNanos time to compute
   * @param completeNanos time to hand the results over
   */
  void ran(long rows, long validateNanos, long runNanos, long completeNanos);

  /**
   * A call was answered that ran in a batch, or in several; the batches are reported by {@link
   * #batch}.
   *
   * @param rows its rows
   * @param validateNanos time to check the inputs
   * @param queueNanos time it waited
   * @param formNanos time to put it with others
   * @param runNanos time that its batch computed
   * @param completeNanos time to hand the results over
   */
  void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos);

  /**
   * A batch ran.
   *
   * @param why why it ran when it did
   * @param rows its rows
   * @param realTokens tokens that callers brought (rows, where a row has no length)
   * @param paddedTokens tokens that were computed
   * @param runNanos time to compute
   */
  void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos);

  /** A call failed. */
  void failed(ErrorKind kind);

  /** A call was refused. */
  void rejected(Rejection why);

  /** The deadline of a call passed before it was answered. */
  void expired();

  /** A call was cancelled. */
  void cancelled();

  /** A call was answered, but after its deadline; reported besides {@link #answered}. */
  void late();

  /** What happened so far. */
  default SessionStats snapshot() {
    return SessionStats.EMPTY;
  }
}
