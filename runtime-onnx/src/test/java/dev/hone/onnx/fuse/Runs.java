package dev.hone.onnx.fuse;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.memory.Memory;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;

/** Runs graphs, and compares what they answer. */
final class Runs {
  private Runs() {}

  /** A copy whose constants are initializers. */
  static ModelData lifted(ModelData model) {
    ModelData copy = model.copy();
    ConstantLifting.apply(copy);
    return copy;
  }

  /** A session of a graph. */
  static Session open(ModelData data, Optimization optimization) {
    OnnxOptions onnx = OnnxOptions.builder().optimization(optimization).build();
    SessionOptions options = SessionOptions.builder().threads(1).runtime(onnx).build();
    try (Memory memory = data.toMemory()) {
      byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return Session.open(Model.load(bytes), options);
    }
  }

  /** The first output. */
  static float[] run(ModelData data, Optimization optimization, Batch in) {
    try (Session session = open(data, optimization);
        Batch out = session.run(in)) {
      return out.tensor(0).toFloatArray();
    }
  }

  /** How far two answers are apart at most. */
  static double distance(float[] one, float[] other) {
    if (one.length != other.length) {
      throw new AssertionError(one.length + " numbers against " + other.length);
    }
    double most = 0;
    for (int i = 0; i < one.length; i++) {
      double distance = Math.abs((double) one[i] - other[i]);
      if (Double.isNaN(distance)) {
        throw new AssertionError("NaN at " + i + ": " + one[i] + ", " + other[i]);
      }
      most = Math.max(most, distance);
    }
    return most;
  }
}
