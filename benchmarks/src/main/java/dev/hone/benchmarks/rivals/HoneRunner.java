package dev.hone.benchmarks.rivals;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.benchmarks.measure.Rival;

/** A model in a session of Hone. */
public final class HoneRunner implements Runner {
  private final Session session;

  /** Takes the session over and closes it in the end. */
  public HoneRunner(Session session) {
    this.session = session;
  }

  @Override
  public Rival over(Batch inputs) {
    float[] expected;
    Batch out;
    try (Batch outputs = session.run(inputs)) {
      Tensor first = outputs.tensor(0);
      expected = first.toFloatArray();
      out = Batch.of(outputs.name(0), Tensor.allocate(first.type(), first.shape()));
    }
    return new Rival() {
      @Override
      public void once() {
        session.run(inputs, out);
      }

      @Override
      public void check() {
        Unchanged.check(expected, out.tensor(0).toFloatArray());
      }

      @Override
      public void close() {
        out.close();
      }
    };
  }

  @Override
  public float[] run(Batch inputs) {
    try (Batch outputs = session.run(inputs)) {
      return outputs.tensor(0).toFloatArray();
    }
  }

  @Override
  public void close() {
    session.close();
  }
}
