package dev.hone.onnx.graph;

import java.util.Arrays;
import java.util.Set;

/**
 * Whether the numbers of a node can be counted with. Native shape inference divides by some of them
 * without looking, and a division by zero there ends the process: no exception comes back from it.
 */
final class AttributeCheck {
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

  private AttributeCheck() {}

  /**
   * Checks the attributes of a node of the standard domain; others are the runtime's business.
   *
   * @throws MalformedException if one is below what it can be
   */
  static void check(Node node) {
    if (!node.domain().isEmpty()) {
      return;
    }
    for (Attribute attribute : node.attributes()) {
      if (AT_LEAST_ONE.contains(attribute.name()) && least(attribute) < 1) {
        throw new MalformedException(
            node.label() + " has " + attribute + ", which must be at least 1");
      }
    }
  }

  private static long least(Attribute attribute) {
    return switch (attribute.kind()) {
      case INT -> attribute.asLong();
      case INTS -> Arrays.stream(attribute.asLongs()).min().orElse(1);
      default -> 1; // a reference to a function's attribute, or of a wrong kind: told elsewhere
    };
  }
}
