package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A model that does nothing: what is called on it costs what the way to it costs. */
final class NullSession implements Session {
  private static final int WIDTH = 4;

  private final Signature signature = new Signature(List.of(value("x")), List.of(value("y")));

  private static Value value(String name) {
    return Value.tensor(name, DataType.FLOAT32, Dimension.of("batch"), Dimension.of(WIDTH));
  }

  /** One row for it. */
  static Batch request() {
    return Batch.of("x", Tensor.of(new float[WIDTH], 1, WIDTH));
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    return Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(in.rows(), WIDTH)));
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {}

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return CompletableFuture.completedFuture(run(in, options));
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Device device() {
    return Device.cpu();
  }

  @Override
  public Precision precision() {
    return Precision.FP32;
  }

  @Override
  public SessionReport report() {
    return new SessionReport("nothing", device(), precision(), 1, List.of(), List.of());
  }

  @Override
  public void close() {}
}
