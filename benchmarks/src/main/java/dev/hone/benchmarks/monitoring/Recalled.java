package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
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

/**
 * A session that recalls what a real one answered, so that millions of requests take seconds. Its
 * input is a text's number, its output what the model gave for that text. Closing it does nothing.
 */
final class Recalled implements Session {
  private static final Signature SIGNATURE =
      new Signature(
          List.of(Value.tensor("text", DataType.INT64, Dimension.of("batch"))),
          List.of(
              Value.tensor(
                  "last_hidden_state",
                  DataType.FLOAT32,
                  Dimension.of("batch"),
                  Dimension.of("length"),
                  Dimension.unknown())));

  private final List<Batch> answers;

  /** A session with these answers, by the text's number; they stay their owner's. */
  Recalled(List<Batch> answers) {
    this.answers = answers;
  }

  /** The input that asks for a text's answer. */
  static Batch question(int text) {
    return Batch.of("text", Tensor.of(new long[] {text}, 1));
  }

  /** What it answers to a text; given to {@link #run(Batch, Batch)} as target, it is filled. */
  Batch answer(int text) {
    return answers.get(text);
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    return answers.get((int) in.tensor(0).toLongArray()[0]).slice(0, 1);
  }

  /** The target holds the answer already; see {@link #answer}. */
  @Override
  public void run(Batch in, Batch out, RunOptions options) {}

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return CompletableFuture.completedFuture(run(in, options));
  }

  @Override
  public Signature signature() {
    return SIGNATURE;
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
    return new SessionReport("recalled", device(), precision(), 1, List.of(), List.of());
  }

  @Override
  public void close() {}
}
