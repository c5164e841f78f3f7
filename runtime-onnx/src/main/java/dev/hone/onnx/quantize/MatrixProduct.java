package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.List;
import java.util.Set;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * A {@code MatMul} or {@code Gemm} that multiplies by a constant matrix, with the addition of a
 * bias that follows it: {@code y = x W + b}.
 *
 * @param node the product
 * @param weights W: a row for each input, a column for each output
 * @param bias b, one element for each output, or null
 * @param add the node that adds the bias, or null if there is none or the product does it itself
 * @param rest what a {@code Gemm} adds beside a plain bias: a value, or empty
 */
record MatrixProduct(
    Node node, ConstantMatrix weights, @Nullable TensorData bias, @Nullable Node add, String rest) {

  /** Whether a node is one of those that this looks for. */
  static boolean isCandidate(Node node) {
    return node.is("MatMul") || node.is("Gemm");
  }

  /** Why a candidate is none, in a sentence, or null if it is one. */
  static @Nullable String whyNot(Graph graph, Node node, Set<String> excludedNodes) {
    if (excludedNodes.contains(NodeChoice.nameOf(node))) {
      return "It was excluded.";
    }
    ConstantMatrix weights = ConstantMatrix.find(graph, node.input(1));
    if (weights == null) {
      return whyNoMatrix(graph, node.input(1));
    }
    if (node.is("Gemm")
        && (node.longAttribute("transA", 0) != 0
            || node.floatAttribute("alpha", 1) != 1
            || (node.hasInput(2) && node.floatAttribute("beta", 1) != 1))) {
      return "It scales or transposes more than its weights.";
    }
    return weights.isFinite() ? null : "Its weights hold infinite elements or NaN.";
  }

  /** Why a value is no constant matrix. */
  static String whyNoMatrix(Graph graph, String value) {
    TensorData constant = graph.constant(value);
    if (constant != null && ConstantMatrix.isTooLarge(graph, value)) {
      return "Its weights are " + constant.withName("") + ", larger than the 2 GiB that are read.";
    }
    if (constant != null) {
      return "Its weights are " + constant.withName("") + ", not a matrix of floats.";
    }
    return graph.initializer(value) != null
        ? "Its weights are an input that callers can override."
        : "It multiplies two computed values.";
  }

  /** The product at a node for which {@link #whyNot} had no objection. */
  static MatrixProduct of(Graph graph, Node node) {
    ConstantMatrix found = ConstantMatrix.find(graph, node.input(1));
    if (found == null) {
      throw new IllegalArgumentException(node.label() + " has no constant matrix.");
    }
    if (node.is("Gemm")) {
      ConstantMatrix weights = node.longAttribute("transB", 0) != 0 ? found.transpose() : found;
      TensorData bias = flat(graph, node.input(2), weights.columns());
      String rest = bias == null ? node.input(2) : "";
      return new MatrixProduct(node, weights, bias, null, rest);
    }
    Node add = soleAdd(graph, node.output(0));
    if (add != null) {
      String other = add.input(add.input(0).equals(node.output(0)) ? 1 : 0);
      TensorData constant = graph.constant(other);
      if (constant != null && constant.shape().rank() == 1) {
        TensorData bias = flat(graph, other, found.columns());
        return new MatrixProduct(node, found, bias, bias == null ? null : add, "");
      }
    }
    return new MatrixProduct(node, found, null, null, "");
  }

  private static @Nullable Node soleAdd(Graph graph, String value) {
    List<Node> users = graph.consumers(value);
    return users.size() == 1 && graph.useCount(value) == 1 && users.get(0).is("Add")
        ? users.get(0)
        : null;
  }

  /** A constant with one float for each output, as a vector, or null if it is something else. */
  private static @Nullable TensorData flat(Graph graph, String value, int outputs) {
    TensorData constant = graph.constant(value);
    if (constant == null
        || constant.type() != DataType.FLOAT32
        || constant.shape().elementCount() != outputs
        || constant.shape().rank() < 1
        || constant.shape().length(-1) != outputs) {
      return null;
    }
    return constant.shape().rank() == 1
        ? constant
        : TensorData.of(value, DataType.FLOAT32, Shape.of(outputs), constant.bytes());
  }

  /**
   * Puts another node where this product and its addition were.
   *
   * @param by makes the node, given the name of its bias (empty if there is none) and of its output
   */
  void replace(Graph graph, BiFunction<String, String, Node> by) {
    Node last = add == null ? node : add;
    String output = last.output(0);
    String biasName = bias == null ? "" : biasName(graph, bias);
    if (rest.isEmpty()) {
      graph.insertBefore(last, by.apply(biasName, output).named(node.name()));
    } else {
      String product = graph.uniqueName(output + "_product");
      Node sum = Node.of("Add", List.of(product, rest), List.of(output));
      graph.insertBefore(last, by.apply(biasName, product).named(node.name()), sum);
    }
    graph.remove(add == null ? List.of(node) : List.of(node, add));
  }

  private static String biasName(Graph graph, TensorData bias) {
    TensorData known = graph.constant(bias.name());
    boolean asItIs = known != null && known.shape().equals(bias.shape());
    return asItIs ? bias.name() : graph.addInitializer(bias.name() + "_flat", bias);
  }
}
