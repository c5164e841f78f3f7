package dev.hone.onnx.testing;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Signature.Dimension;
import dev.hone.memory.Memory;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.ValueInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Runs models that tests have as data. */
public final class ModelRuns {
  private ModelRuns() {}

  /** The model as sessions want it. */
  public static Model model(ModelData data) {
    return Model.load(bytes(data));
  }

  /** The model as a file holds it. */
  public static byte[] bytes(ModelData data) {
    try (Memory memory = data.toMemory()) {
      byte[] bytes = new byte[Math.toIntExact(memory.byteSize())];
      memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
      return bytes;
    }
  }

  /** A session on one thread. */
  public static Session open(ModelData data, Optimization optimization) {
    return open(data, OnnxOptions.builder().optimization(optimization).build());
  }

  private static Session open(ModelData data, OnnxOptions options) {
    return Session.open(model(data), SessionOptions.builder().threads(1).runtime(options).build());
  }

  /** The first output of one run, as floats. */
  public static float[] run(ModelData data, Optimization optimization, Batch in) {
    try (Session session = open(data, optimization);
        Batch out = session.run(in)) {
      return out.tensor(0).toFloatArray();
    }
  }

  /** The first output of one run of the fully optimized model, as floats. */
  public static float[] run(ModelData data, Batch in) {
    return run(data, Optimization.ALL, in);
  }

  /** All outputs of one run, as floats, by name. */
  public static Map<String, float[]> outputs(ModelData data, Optimization optimization, Batch in) {
    try (Session session = open(data, optimization);
        Batch out = session.run(in)) {
      Map<String, float[]> values = new LinkedHashMap<>();
      out.names().forEach(name -> values.put(name, out.get(name).toFloatArray()));
      return values;
    }
  }

  /** A value of floats whose shape nobody knows. */
  public static ValueInfo floats(String name) {
    return ValueInfo.tensor(name, DataType.FLOAT32, (List<Dimension>) null);
  }

  /** The graph as ONNX Runtime runs it after its optimizations. */
  public static ModelData optimized(ModelData data) {
    try {
      Path file = Files.createTempFile("hone-optimized", ".onnx");
      try {
        open(data, OnnxOptions.builder().optimizedModel(file).build()).close();
        return ModelData.read(ModelSource.of(Files.readAllBytes(file)));
      } finally {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Opens models for passes that need answers. */
  public static ModelRunner opener(ModelData data) {
    Session session = open(data, Optimization.BASIC);
    return new ModelRunner() {
      @Override
      public Batch run(Batch in) {
        return session.run(in);
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
