package dev.hone.batching;

import dev.hone.Session;
import dev.hone.memory.Memory;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.ForwardingRecorder;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import org.jspecify.annotations.Nullable;

/**
 * The recorder of a session that was opened for a batcher. It counts nothing, for the batcher
 * counts each call already, and what measures the session are no calls; until it is told to,
 * because all calls go straight to the session.
 */
final class DeferredRecorder extends ForwardingRecorder {
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

  private volatile Recorder target = Recorder.disabled();

  /**
   * Counts from now on.
   *
   * @param given where the application wants it; null for the usual counts
   */
  void start(Session session, @Nullable Recorder given) {
    Capacity capacity = Capacity.of(Threads.runsAtOnce(session));
    target = given != null ? given : Recorder.counting("batcher", capacity, MEMORY);
  }

  @Override
  protected Recorder target() {
    return target;
  }
}
