package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.StandIn;
import java.util.List;

/** A model that does nothing: what is called on it costs what the way to it costs. */
final class NullSession extends StandIn {
  private static final int WIDTH = 4;

  NullSession() {
    super("nothing", new Signature(List.of(value("x")), List.of(value("y"))));
  }

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
}
