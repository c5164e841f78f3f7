package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.Comparator;
import java.util.List;

/** The products that read one value, and what becomes of the value for all of them. */
final class DenseGroup {
  private final List<DenseNode> nodes;
  private final DenseInput input;
  private float[] divisors;
  private boolean multiplies;
  private String note = "";

  DenseGroup(List<DenseNode> nodes, DenseInput input) {
    this.nodes = nodes;
    this.input = input;
    this.divisors = DenseNoise.ones(input.lo().length);
  }

  List<DenseNode> nodes() {
    return nodes;
  }

  /** What is known of the value before it is divided. */
  DenseInput input() {
    return input;
  }

  String value() {
    return nodes.get(0).input();
  }

  /** What each channel of the value is divided by. */
  float[] divisors() {
    return divisors;
  }

  /** Whether a node of its own divides the value; if not, a neighbour does, or nobody has to. */
  boolean multiplies() {
    return multiplies;
  }

  /** For people: what was done about loud channels, or nothing. */
  String note() {
    return note;
  }

  void divide(float[] by, boolean withNode, String why) {
    divisors = by;
    multiplies = withNode;
    note = why;
  }

  void remark(String why) {
    note = why;
  }

  /** The first of the nodes in the graph. */
  Node first(Graph graph) {
    return nodes.stream()
        .map(DenseNode::node)
        .min(Comparator.comparingInt(graph.nodes()::indexOf))
        .orElseThrow();
  }

  /** The weights of one of the nodes, its rows multiplied by what its input is divided by. */
  float[] scaledMatrix(DenseNode node) {
    float[] matrix = node.matrix();
    if (divisors.length == node.inner()) {
      int outputs = node.outputs();
      for (int k = 0; k < matrix.length; k++) {
        matrix[k] *= divisors[k / outputs];
      }
    }
    return matrix;
  }
}
