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
    Tensor first;
    String name;
    try (Batch outputs = session.run(inputs)) {
      name = outputs.name(0);
      first = Tensor.allocate(outputs.tensor(0).type(), outputs.tensor(0).shape());
    }
    Batch out = Batch.of(name, first);
    return new Rival() {
      @Override
      public void once() {
        session.run(inputs, out);
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
