package dev.hone.batching;

import dev.hone.Session;
import dev.hone.memory.Memory;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import dev.hone.metrics.SessionStats;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of a session that was opened for a batcher. It counts nothing, for the batcher
 * counts each call already, and what measures the session are no calls; until it is told to,
 * because all calls go straight to the session.
 */
final class DeferredRecorder implements Recorder {
  private volatile Recorder target = Recorder.disabled();

  /**
   * Counts from now on.
   *
   * @param given where the application wants it; null for the usual counts
   */
  void start(Session session, @Nullable Recorder given) {
    int processors = Runtime.getRuntime().availableProcessors();
    int slots = Math.max(1, processors / Math.max(1, session.report().threads()));
    target = given != null ? given : Recorder.counting("batcher", Capacity.of(slots), MEMORY);
  }

  private static final Gauges MEMORY =
      new Gauges() {
        @Override
        public long nativeBytes() {
          return Memory.stats().liveBytes();
        }

        @Override
        public long peakNativeBytes() {
          return Memory.stats().peakBytes();
        }
      };

  @Override
  public boolean isEnabled() {
    return target.isEnabled();
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
    target.ran(rows, validateNanos, runNanos, completeNanos);
  }

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {
    target.answered(rows, validateNanos, queueNanos, formNanos, runNanos, completeNanos);
  }

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    target.batch(why, rows, realTokens, paddedTokens, runNanos);
  }

  @Override
  public void failed(ErrorKind kind) {
    target.failed(kind);
  }

  @Override
  public void rejected(Rejection why) {
    target.rejected(why);
  }

  @Override
  public void expired() {
    target.expired();
  }

  @Override
  public void cancelled() {
    target.cancelled();
  }

  @Override
  public void late() {
    target.late();
  }

  @Override
  public SessionStats snapshot() {
    return target.snapshot();
  }
}
