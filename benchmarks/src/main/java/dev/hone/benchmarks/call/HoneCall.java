package dev.hone.benchmarks.call;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.GemmModel;

/** Hone. */
abstract class HoneCall implements Call {
  final Session session;
  final Batch in;

  private HoneCall(GemmModel model, float[] row) {
    session = Session.open(Model.load(model.bytes()), SessionOptions.builder().threads(1).build());
    in = Batch.of("x", Tensor.of(row, 1, row.length));
  }

  @Override
  public void close() {
    in.close();
    session.close();
  }

  /** Into tensors that the caller keeps. */
  static final class InPlace extends HoneCall {
    private final Batch out;

    InPlace(GemmModel model, float[] row) {
      super(model, row);
      out = Batch.of("y", Tensor.allocate(DataType.FLOAT32, Shape.of(1, model.outputWidth())));
    }

    @Override
    public void once() {
      session.run(in, out);
    }

    @Override
    public float[] output() {
      return out.get("y").toFloatArray();
    }

    @Override
    public void close() {
      out.close();
      super.close();
    }
  }

  /** With a fresh batch as result, closed at once. */
  static final class Returning extends HoneCall {
    Returning(GemmModel model, float[] row) {
      super(model, row);
    }

    @Override
    public void once() {
      session.run(in).close();
    }

    @Override
    public float[] output() {
      try (Batch out = session.run(in)) {
        return out.get("y").toFloatArray();
      }
    }
  }
}
