package dev.hone.benchmarks.monitoring;

import dev.hone.metrics.Capacity;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import dev.hone.metrics.SessionStats;

/**
 * Counts while it is on, and is as good as none while it is off: so one session can be measured
 * watched and not watched. Two sessions of the same model would differ by where their weights lie.
 */
final class Switch implements Recorder {
  private final Recorder counting = Recorder.counting("watched", Capacity.of(1), Gauges.NONE);
  private volatile boolean on;

  void set(boolean on) {
    this.on = on;
  }

  @Override
  public boolean isEnabled() {
    return on;
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
    counting.ran(rows, validateNanos, runNanos, completeNanos);
  }

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {
    counting.answered(rows, validateNanos, queueNanos, formNanos, runNanos, completeNanos);
  }

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    counting.batch(why, rows, realTokens, paddedTokens, runNanos);
  }

  @Override
  public void failed(ErrorKind kind) {
    counting.failed(kind);
  }

  @Override
  public void rejected(Rejection why) {
    counting.rejected(why);
  }

  @Override
  public void expired() {
    counting.expired();
  }

  @Override
  public void cancelled() {
    counting.cancelled();
  }

  @Override
  public void late() {
    counting.late();
  }

  @Override
  public SessionStats snapshot() {
    return counting.snapshot();
  }
}
