package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.SymbolicShapes;
import dev.hone.onnx.graph.TensorData;
import java.util.List;

/**
 * Single numbers that a graph holds or computes from known lengths: exporters write the scale of an
 * attention as {@code 1 / sqrt(length of the last axis)}.
 */
final class Scalars {
  private static final int DEEPEST = 12;

  private final Graph graph;
  private final SymbolicShapes shapes;

  Scalars(Graph graph, SymbolicShapes shapes) {
    this.graph = graph;
    this.shapes = shapes;
  }

  /** The number that a value is, or NaN if it is not one or not known. */
  double of(String value) {
    return of(value, 0);
  }

  private double of(String value, int depth) {
    TensorData constant = graph.constant(value);
    if (constant != null) {
      return of(constant);
    }
    Node node = graph.producer(value);
    if (node == null || depth > DEEPEST || !node.domain().isEmpty()) {
      return ofShape(value);
    }
    return switch (node.op()) {
      case "Identity", "Cast", "CastLike" -> of(node.input(0), depth + 1);
      case "Sqrt" -> Math.sqrt(of(node.input(0), depth + 1));
      case "Reciprocal" -> 1 / of(node.input(0), depth + 1);
      case "Div" ->
          isInteger(node)
              ? Double.NaN
              : of(node.input(0), depth + 1) / of(node.input(1), depth + 1);
      case "Mul" -> of(node.input(0), depth + 1) * of(node.input(1), depth + 1);
      case "Pow" -> Math.pow(of(node.input(0), depth + 1), of(node.input(1), depth + 1));
      default -> ofShape(value);
    };
  }

  private boolean isInteger(Node division) {
    return shapes.elements(division.input(0)) != null;
  }

  private double ofShape(String value) {
    List<Length> elements = shapes.elements(value);
    if (elements == null || elements.size() != 1 || !elements.get(0).isKnown()) {
      return Double.NaN;
    }
    return elements.get(0).number();
  }

  private static double of(TensorData constant) {
    if (constant.shape().elementCount() != 1 || constant.shape().rank() > 1) {
      return Double.NaN;
    }
    if (constant.type() == DataType.FLOAT64) {
      return constant.bytes().getDouble(0);
    }
    long[] integers = Constants.integers(constant);
    return integers != null ? integers[0] : Constants.scalarFloat(constant);
  }
}
