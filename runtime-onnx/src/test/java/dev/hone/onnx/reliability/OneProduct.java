package dev.hone.onnx.reliability;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.nio.file.Path;
import java.util.List;

/** A model of a megabyte: {@code y = x W}. */
final class OneProduct {
  static final int WIDTH = 512;

  private OneProduct() {}

  static void write(Path file) {
    float[] weights = new float[WIDTH * WIDTH];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) Math.sin(i);
    }
    Graph graph = new Graph("one product");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, rows, Dimension.of(WIDTH)));
    graph.putInitializer(TensorData.ofFloats("W", Shape.of(WIDTH, WIDTH), weights));
    graph.add(Node.of("MatMul", List.of("x", "W"), List.of("y")));
    ModelData.of(graph, 17).write(file);
  }
}
