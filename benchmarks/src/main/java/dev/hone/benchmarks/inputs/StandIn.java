package dev.hone.benchmarks.inputs;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * A session without a model, for what is measured around it. It has all but the runs; closing it
 * does nothing.
 */
public abstract class StandIn implements Session {
  private final String name;
  private final Signature signature;

  /** A session that reports this name and has this signature. */
  protected StandIn(String name, Signature signature) {
    this.name = name;
    this.signature = signature;
  }

  @Override
  public final CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return CompletableFuture.completedFuture(run(in, options));
  }

  @Override
  public final Signature signature() {
    return signature;
  }

  @Override
  public final Device device() {
    return Device.cpu();
  }

  @Override
  public final Precision precision() {
    return Precision.FP32;
  }

  @Override
  public final SessionReport report() {
    return new SessionReport(name, device(), precision(), 1, List.of(), List.of());
  }

  @Override
  public final void close() {}
}
