package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A node that can compute with bytes, together with the Relu or Clip behind it: bytes whose zero
 * point is 0 cannot be negative, so rounding the result does what Relu did.
 */
sealed interface Int8Unit permits ConvUnit, KeepUnit, SwishUnit {
  /** The node. */
  Node node();

  /** The Relu or Clip that alone uses the node's result, or null. */
  @Nullable Node activation();

  /** All nodes of the float graph that it stands for, but for the activation. */
  default List<Node> nodes() {
    return List.of(node());
  }

  /** The values it reads, without weights. */
  List<String> inputs();

  /** Nanoseconds of one run in floats, for inputs and an output of so many numbers. */
  double floatNanos(double inputs, double output);

  /** Nanoseconds of one run in bytes, for inputs and an output of so many numbers. */
  double integerNanos(double inputs, double output);

  /** The value it makes. */
  default String output() {
    Node last = activation();
    return last == null ? node().output(0) : last.output(0);
  }

  /** The values that become bytes with it: those that it reads, and the one that it makes. */
  default Set<String> values() {
    Set<String> values = new LinkedHashSet<>(inputs());
    values.add(output());
    return values;
  }

  /** The unit that begins with this node, or null if the node cannot compute with bytes. */
  static @Nullable Int8Unit of(Graph graph, Node node) {
    return switch (node.domain().isEmpty() ? node.op() : "") {
      case "Conv" -> ConvUnit.of(graph, node);
      case "Add", "MaxPool" -> KeepUnit.of(graph, node);
      case "HardSigmoid" -> SwishUnit.of(graph, node);
      default -> null;
    };
  }

  /**
   * The Relu, or Clip that begins at 0, that alone uses a node's result, or null. A Clip that ends
   * somewhere is the saturation of bytes only if the greatest byte stands for that end: not where
   * bytes are added, for sums share their scales with what is added.
   */
  static @Nullable Node activationOf(Graph graph, Node node) {
    String value = node.output(0);
    if (graph.useCount(value) != 1 || graph.isOutput(value)) {
      return null;
    }
    Node user = graph.consumers(value).get(0);
    boolean fromZero =
        user.is("Clip")
            && user.hasInput(1)
            && Constants.scalarFloat(graph.constant(user.input(1))) == 0
            && (!user.hasInput(2) || isCeiling(graph, node, user));
    return user.input(0).equals(value) && (user.is("Relu") || fromZero) ? user : null;
  }

  private static boolean isCeiling(Graph graph, Node node, Node clip) {
    return Constants.scalarFloat(graph.constant(clip.input(2))) > 0
        && !node.is("Add")
        && !isSummed(graph, clip.output(0));
  }

  private static boolean isSummed(Graph graph, String value) {
    return graph.consumers(value).stream()
        .anyMatch(
            user -> user.is("Add") || (user.is("MaxPool") && isSummed(graph, user.output(0))));
  }
}
