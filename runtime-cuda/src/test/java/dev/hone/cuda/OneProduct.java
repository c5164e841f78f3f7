package dev.hone.cuda;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.List;

/**
 * A small model: {@code h = x W, y = h erf(h)}, whose answers differ in their bits by any change.
 */
final class OneProduct {
  private static final int WIDTH = 64;
  private static final int ROWS = 4;

  private OneProduct() {}

  static Model model() {
    Graph graph = new Graph("one product");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(TensorData.ofFloats("W", Shape.of(WIDTH, WIDTH), sines(WIDTH * WIDTH, 1)));
    graph.add(
        Node.of("MatMul", List.of("x", "W"), List.of("h")),
        Node.of("Erf", List.of("h"), List.of("e")),
        Node.of("Mul", List.of("h", "e"), List.of("y")));
    return Model.load(
        new ModelSource.OfBytes(ModelData.of(graph, 17).toBuffer(), "one product", null));
  }

  static Batch input() {
    return Batch.of("x", Tensor.of(sines(ROWS * WIDTH, 0.3), ROWS, WIDTH));
  }

  private static float[] sines(int count, double step) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) Math.sin(i * step);
    }
    return values;
  }
}
