package dev.hone.onnx.testing;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.ModelData;
import java.util.Random;

/** Graphs made ready to run, for tests of what is done to them. */
public final class Graphs {
  private Graphs() {}

  /** The model that a graph is. */
  public static Model model(ModelData data) {
    return Model.load(bytes(data));
  }

  /** The file that a graph would be. */
  public static byte[] bytes(ModelData data) {
    try (Memory memory = data.toMemory()) {
      byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }

  /** A session on one thread. */
  public static Session open(ModelData data, OnnxOptions.Optimization optimization) {
    OnnxOptions onnx = OnnxOptions.builder().optimization(optimization).build();
    return Session.open(model(data), SessionOptions.builder().threads(1).runtime(onnx).build());
  }

  /** What passes ask for answers. */
  public static ModelRunner.Opener opener() {
    return data -> new Runner(open(data, OnnxOptions.Optimization.ALL));
  }

  private record Runner(Session session) implements ModelRunner {
    @Override
    public Batch run(Batch in) {
      return session.run(in);
    }

    @Override
    public void close() {
      session.close();
    }
  }

  /** The floats that a graph answers for its only input with its only output. */
  public static float[] answer(
      ModelData data, OnnxOptions.Optimization optimization, float[] x, long... shape) {
    String input = data.graph().inputs().get(0).name();
    String output = data.graph().outputs().get(0).name();
    try (Session session = open(data, optimization);
        Batch in = Batch.of(input, Tensor.of(x, shape));
        Batch out = session.run(in)) {
      return out.get(output).toFloatArray();
    }
  }

  /** Numbers of a normal distribution with standard deviation 1. */
  public static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
