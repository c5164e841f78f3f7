package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.TensorData;

/**
 * The zero point of all weights of a graph, 0. It could be left out, but the rewriting of ONNX
 * Runtime that keeps products exact on processors without VNNI writes one where it is.
 */
final class WeightZeroPoint {
  private final Graph graph;
  private String name = "";

  WeightZeroPoint(Graph graph) {
    this.graph = graph;
  }

  /** Its name; it is there once it was asked for. */
  String name() {
    if (name.isEmpty()) {
      TensorData zero =
          TensorData.of("", DataType.INT8, Shape.scalar(), TensorData.littleEndian(1));
      name = graph.addInitializer("weight_zero_point", zero);
    }
    return name;
  }
}
