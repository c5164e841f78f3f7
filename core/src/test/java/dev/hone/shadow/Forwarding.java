package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.metrics.SessionStats;
import java.util.concurrent.CompletableFuture;

/** Another session, with statistics that a test wants. */
record Forwarding(Session session, SessionStats stats) implements Session {
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
    return session.run(in, options);
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    session.run(in, out, options);
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
