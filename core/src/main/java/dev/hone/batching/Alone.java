package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.metrics.Recorder;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** Runs calls by themselves in their callers' threads, and counts those that are answered. */
final class Alone {
  private final Sessions sessions;
  private final LongSupplier callsUnderWay;
  private final Recorder recorder;

  Alone(Sessions sessions, LongSupplier callsUnderWay, Recorder recorder) {
    this.sessions = sessions;
    this.callsUnderWay = callsUnderWay;
    this.recorder = recorder;
  }

  /**
   * Runs a call; one that fails is counted by the caller.
   *
   * @param readyNanos when it could run, which may be when it began: what comes before takes less
   *     than to look at a clock, unless it waits
   */
  Batch run(Batch in, @Nullable Batch out, RunOptions options, long begunNanos, long readyNanos) {
    long size = Sessions.sizeOf(in);
    Session session = sessions.of(sessions.isForLone(1, size, callsUnderWay));
    Batch results = out;
    if (results == null) {
      results = session.run(in, options);
    } else {
      session.run(in, results, options);
    }
    if (recorder.isEnabled()) {
      long runNanos = System.nanoTime() - readyNanos;
      recorder.ran(Kind.countedRows(in), readyNanos - begunNanos, runNanos, 0);
    }
    return results;
  }
}
