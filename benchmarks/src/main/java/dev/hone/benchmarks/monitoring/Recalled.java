package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.RunOptions;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.StandIn;
import java.util.List;

/**
 * A session that recalls what a real one answered, so that millions of requests take seconds. Its
 * input is a text's number, its output what the model gave for that text.
 */
final class Recalled extends StandIn {
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
    super("recalled", SIGNATURE);
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
}
