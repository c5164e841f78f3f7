package dev.hone.onnx.graph;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;

/**
 * Whether native shape inference can work on a node. It divides by some attributes and looks at
 * some dimensions of weights without asking whether they are there; when they are not, the process
 * ends, and no exception comes back.
 */
final class NodeCheck {
  /** In every standard operator that has an attribute of this name it is a length or a count. */
  private static final Set<String> AT_LEAST_ONE =
      Set.of(
          "strides",
          "dilations",
          "kernel_shape",
          "group",
          "blocksize",
          "num_outputs",
          "num_groups");

  /** Which input is the kernel of a convolution. */
  private static final Map<String, Integer> KERNEL_INPUT =
      Map.of("Conv", 1, "ConvTranspose", 1, "ConvInteger", 1, "DeformConv", 1, "QLinearConv", 3);

  private NodeCheck() {}

  /**
   * Checks a node of the standard domain; others are the runtime's business.
   *
   * @param graph what it is in, where its weights are
   * @throws MalformedException if native code could stumble over it
   */
  static void check(Node node, Graph graph) {
    if (node.domain().isEmpty()) {
      checkAttributes(node);
      checkKernel(node, graph);
    }
  }

  /** For a node in the body of a function, whose weights are not known. */
  static void checkAttributes(Node node) {
    for (Attribute attribute : node.attributes()) {
      long bound = bound(node, attribute.name());
      if (least(attribute) < bound) {
        throw new MalformedException(
            node.label() + " has " + attribute + ", which must be at least " + bound);
      }
    }
  }

  private static long bound(Node node, String attribute) {
    if (AT_LEAST_ONE.contains(attribute)) {
      return 1;
    }
    boolean padding = attribute.equals("pads") || attribute.equals("output_padding");
    return padding && !node.is("Pad") ? 0 : Long.MIN_VALUE; // Pad cuts off where it is negative
  }

  private static void checkKernel(Node node, Graph graph) {
    int input = KERNEL_INPUT.getOrDefault(node.op(), -1);
    if (input < 0 || !node.hasInput(input)) {
      return;
    }
    TensorData kernel = graph.constant(node.input(input));
    if (kernel != null && kernel.shape().rank() < 3) {
      throw new MalformedException(
          node.label()
              + " has the kernel '"
              + node.input(input)
              + "' of shape "
              + kernel.shape()
              + ", but needs at least three dimensions: channels out and in, and a width");
    }
  }

  private static long least(Attribute attribute) {
    return switch (attribute.kind()) {
      case INT -> attribute.asLong();
      case INTS -> Arrays.stream(attribute.asLongs()).min().orElse(Long.MAX_VALUE);
      default -> Long.MAX_VALUE; // a reference to a function's attribute, or of a wrong kind: told
        // elsewhere
    };
  }
}
