package dev.hone.metrics;

/**
 * A recorder that passes everything on to another one; for those that change little of it.
 *
 * <p>Thread-safe if {@link #target} is.
 */
public abstract class ForwardingRecorder implements Recorder {
  /** For subclasses. */
  protected ForwardingRecorder() {}

  /** Who gets what comes next; asked for each event. */
  protected abstract Recorder target();

  @Override
  public boolean isEnabled() {
    return target().isEnabled();
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
    target().ran(rows, validateNanos, runNanos, completeNanos);
  }

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {
    target().answered(rows, validateNanos, queueNanos, formNanos, runNanos, completeNanos);
  }

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    target().batch(why, rows, realTokens, paddedTokens, runNanos);
  }

  @Override
  public void failed(ErrorKind kind) {
    target().failed(kind);
  }

  @Override
  public void rejected(Rejection why) {
    target().rejected(why);
  }

  @Override
  public void expired() {
    target().expired();
  }

  @Override
  public void cancelled() {
    target().cancelled();
  }

  @Override
  public void late() {
    target().late();
  }

  @Override
  public SessionStats snapshot() {
    return target().snapshot();
  }
}
