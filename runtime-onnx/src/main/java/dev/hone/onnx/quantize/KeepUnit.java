package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node whose result has the scale of its inputs, channel by channel: the sum of two values, or
 * the greatest of some.
 *
 * @param node the Add or MaxPool
 * @param activation the Relu or Clip behind it, or null
 * @param inputs the values it reads
 */
record KeepUnit(Node node, @Nullable Node activation, List<String> inputs) implements Int8Unit {
  // Measured on one core with AVX-512, for each number.
  private static final double FLOAT_NANOS = 0.19;
  private static final double INTEGER_NANOS = 0.12;

  @Override
  public double floatNanos(double inputs, double output) {
    return FLOAT_NANOS * Math.max(inputs, output);
  }

  @Override
  public double integerNanos(double inputs, double output) {
    return INTEGER_NANOS * Math.max(inputs, output);
  }

  /** Whether the result must have the zero point of its input, too. */
  boolean keepsZeroPoint() {
    return node.is("MaxPool");
  }

  /** The unit of this Add or MaxPool, or null if it is one of another kind. */
  static @Nullable KeepUnit of(Graph graph, Node node) {
    if (node.is("MaxPool")) {
      boolean alone = node.outputs().size() == 1 || node.output(1).isEmpty();
      return alone ? new KeepUnit(node, null, List.of(node.input(0))) : null;
    }
    boolean constant = node.inputs().stream().anyMatch(in -> graph.constant(in) != null);
    if (constant || node.input(0).equals(node.input(1))) {
      return null;
    }
    return new KeepUnit(node, Int8Unit.activationOf(graph, node), node.inputs());
  }
}
