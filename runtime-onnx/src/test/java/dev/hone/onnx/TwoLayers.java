package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** A small model: {@code y = relu(x A) B}, with nodes {@code first} and {@code second}. */
final class TwoLayers {
  static final int WIDTH = 128;

  private TwoLayers() {}

  static ModelData data() {
    Graph graph = new Graph("two layers");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(weights("A", 1));
    graph.putInitializer(weights("B", 2));
    graph.add(
        Node.of("MatMul", List.of("x", "A"), List.of("h")).named("first"),
        Node.of("Relu", List.of("h"), List.of("r")),
        Node.of("MatMul", List.of("r", "B"), List.of("y")).named("second"));
    return ModelData.of(graph, 17);
  }

  static OnnxModel inMemory() {
    return OnnxModel.load(new ModelSource.OfBytes(data().toBuffer(), "two-layers.onnx", null));
  }

  static OnnxModel inFile(Path folder) {
    Path file = folder.resolve("two-layers.onnx");
    data().write(file);
    return OnnxModel.load(ModelSource.of(file));
  }

  private static TensorData weights(String name, int seed) {
    return TensorData.ofFloats(name, Shape.of(WIDTH, WIDTH), normal(seed, WIDTH * WIDTH));
  }

  private static float[] normal(int seed, int count) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  /** Batches of four rows; the caller closes them. */
  static List<Batch> examples(int count, int seed) {
    return IntStream.range(0, count)
        .mapToObj(i -> Batch.of("x", Tensor.of(normal(seed + i, 4 * WIDTH), 4, WIDTH)))
        .toList();
  }
}
