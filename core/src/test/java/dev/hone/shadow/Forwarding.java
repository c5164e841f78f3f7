package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** Another session, with statistics that a test wants, and what takes note of its calls. */
record Forwarding(Session session, Supplier<SessionStats> statistics, Recorder recorder)
    implements Session {
  /** A session that counts its calls. */
  static Forwarding counting(Session session) {
    Recorder recorder = Recorder.counting("test", Capacity.of(1), Gauges.NONE);
    return new Forwarding(session, recorder::snapshot, recorder);
  }

  @Override
  public SessionStats stats() {
    return statistics.get();
  }

  @Override
  public Signature signature() {
    return session.signature();
  }

  @Override
  public Device device() {
    return session.device();
  }

  @Override
  public Precision precision() {
    return session.precision();
  }

  @Override
  public SessionReport report() {
    return session.report();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    Batch out = session.run(in, options);
    recorder.ran(in.rows(), 1, 2, 3);
    return out;
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    session.run(in, out, options);
    recorder.ran(in.rows(), 1, 2, 3);
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return session.runAsync(in, options);
  }

  @Override
  public void close() {
    session.close();
  }
}
