package dev.hone.onnx.testing;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs graphs that tests made or changed. */
public final class GraphRun {
  private GraphRun() {}

  /** A value of floats whose shape nobody knows. */
  public static ValueInfo floats(String name) {
    return ValueInfo.tensor(name, DataType.FLOAT32, (List<Dimension>) null);
  }

  /** The model as it would be written. */
  public static byte[] bytes(ModelData model) {
    try (Memory memory = model.toMemory()) {
      byte[] bytes = new byte[(int) memory.byteSize()];
      memory.view(0, bytes.length).get(bytes);
      return bytes;
    }
  }

  /** A session of the model on one thread; the caller closes it. */
  public static Session open(ModelData model, Optimization optimization) {
    OnnxOptions onnx = OnnxOptions.builder().optimization(optimization).build();
    return Session.open(
        Model.load(bytes(model)), SessionOptions.builder().threads(1).runtime(onnx).build());
  }

  /** All outputs of one run as floats, by name. */
  public static Map<String, float[]> run(ModelData model, Optimization optimization, Batch in) {
    try (Session session = open(model, optimization);
        Batch out = session.run(in)) {
      Map<String, float[]> values = new LinkedHashMap<>();
      for (String name : out.names()) {
        values.put(name, floats(out.get(name)));
      }
      return values;
    }
  }

  /** The only output of one run, fully optimized. */
  public static float[] run(ModelData model, Batch in) {
    return run(model, Optimization.ALL, in).values().iterator().next();
  }

  private static float[] floats(Tensor tensor) {
    return switch (tensor.type()) {
      case FLOAT32, FLOAT16, BFLOAT16, FLOAT64 -> tensor.toFloatArray();
      default -> {
        long[] values = tensor.toLongArray();
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
          floats[i] = values[i];
        }
        yield floats;
      }
    };
  }
}
