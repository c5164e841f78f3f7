package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.InputCheck;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;

/** A session that checks its inputs as all do, and for the rest is one function. */
final class PlainSession implements Session {
  private final Signature signature;
  private final InputCheck check;
  private final UnaryOperator<Batch> model;

  PlainSession(List<Value> inputs, List<Value> outputs, UnaryOperator<Batch> model) {
    this.signature = new Signature(inputs, outputs);
    this.check = new InputCheck(signature);
    this.model = model;
  }

  /** A model of rows of so many numbers that gives as many: {@code x} to {@code y}. */
  static PlainSession ofRows(int numbers, UnaryOperator<float[]> model) {
    Dimension rows = Dimension.of("batch");
    return new PlainSession(
        List.of(Value.tensor("x", DataType.FLOAT32, rows, Dimension.of(numbers))),
        List.of(Value.tensor("y", DataType.FLOAT32, rows, Dimension.of(numbers))),
        in -> {
          float[] y = model.apply(in.get("x").toFloatArray());
          return Batch.of("y", Tensor.of(y, in.get("x").shape().toArray()));
        });
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]);
    return model.apply(in);
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    try (Batch results = run(in, options)) {
      for (int i = 0; i < out.size(); i++) {
        out.tensor(i).copyFrom(results.get(out.name(i)));
      }
    }
  }

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
    return new SessionReport("plain", device(), precision(), 1, List.of(), List.of());
  }

  @Override
  public void close() {}
}
