package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Takes {@code Attention} nodes of {@code com.microsoft} apart where their weights are to be stored
 * in blocks, for which there is no fused operator: three products, for queries, keys and values,
 * and a {@code MultiHeadAttention} that adds the bias. The answers change by rounding only.
 *
 * <p>The products are named after the node with {@code _query}, {@code _key} and {@code _value}
 * behind it.
 */
final class AttentionSplit {
  private static final String DOMAIN = "com.microsoft";
  private static final String VALUES = "_value";
  private static final List<String> SUFFIXES = List.of("_query", "_key", VALUES);
  private static final List<String> KEPT =
      List.of("num_heads", "unidirectional", "scale", "mask_filter_value");

  private AttentionSplit() {}

  /** Whether a node is one that this looks for. */
  static boolean isCandidate(Node node) {
    return node.is(DOMAIN, "Attention");
  }

  /** How choices call the product that makes the values of a node. */
  static String nameOfValues(Node node) {
    return NodeChoice.nameOf(node) + VALUES;
  }

  /** How choices call the products that a node of this name becomes. */
  static List<String> namesOf(String node) {
    return SUFFIXES.stream().map(suffix -> node + suffix).toList();
  }

  /** Takes apart what it can; gives a choice for each node that stays. */
  static List<NodeChoice> apply(Graph graph, Set<String> excludedNodes) {
    return apply(graph, excludedNodes, node -> true);
  }

  /** As {@link #apply(Graph, Set)}, for those nodes alone of which this holds. */
  static List<NodeChoice> apply(Graph graph, Set<String> excludedNodes, Predicate<Node> which) {
    List<NodeChoice> left = new ArrayList<>();
    for (Node node : List.copyOf(graph.nodes())) {
      if (isCandidate(node) && which.test(node)) {
        String why = whyNot(graph, node, excludedNodes);
        if (why == null) {
          split(graph, node);
        } else {
          left.add(NodeChoice.left(NodeChoice.nameOf(node), node.op(), why));
        }
      }
    }
    return left;
  }

  private static @Nullable String whyNot(Graph graph, Node node, Set<String> excludedNodes) {
    if (excludedNodes.contains(NodeChoice.nameOf(node))) {
      return "It was excluded.";
    }
    ConstantMatrix weights = ConstantMatrix.find(graph, node.input(1));
    if (weights == null || !weights.isFinite()) {
      return "Its weights are not a constant matrix of finite floats.";
    }
    if (node.hasInput(4) || node.hasInput(6) || !node.output(1).isEmpty()) {
      return "It keeps keys and values from run to run.";
    }
    if (node.longAttribute("do_rotary", 0) != 0) {
      return "It rotates its queries and keys.";
    }
    return sizes(node, weights.columns()).length == 3
        ? null
        : "Its weights are not three matrices side by side.";
  }

  private static long[] sizes(Node node, int columns) {
    long third = columns / 3;
    long[] whole = columns % 3 == 0 ? new long[] {third, third, third} : new long[0];
    long[] sizes = node.longsAttribute("qkv_hidden_sizes", whole);
    long sum = 0;
    for (long size : sizes) {
      sum += size;
    }
    return sum == columns ? sizes : new long[0];
  }

  private static void split(Graph graph, Node node) {
    ConstantMatrix weights = ConstantMatrix.find(graph, node.input(1));
    if (weights == null) {
      throw new IllegalArgumentException(node.label() + " has no constant matrix.");
    }
    long[] sizes = sizes(node, weights.columns());
    List<String> inputs = new ArrayList<>();
    int from = 0;
    for (int part = 0; part < sizes.length; part++) {
      String suffix = SUFFIXES.get(part);
      String columns =
          graph.addInitializer(
              weights.name() + suffix, columns(weights, from, from + (int) sizes[part]));
      String product = graph.uniqueName(node.output(0) + suffix);
      graph.insertBefore(
          node,
          Node.of("MatMul", List.of(node.input(0), columns), List.of(product))
              .named(unused(graph, NodeChoice.nameOf(node) + suffix)));
      inputs.add(product);
      from += (int) sizes[part];
    }
    inputs.addAll(List.of(node.input(2), node.input(3), node.input(5)));
    while (inputs.get(inputs.size() - 1).isEmpty()) {
      inputs.remove(inputs.size() - 1);
    }
    Attribute[] kept =
        node.attributes().stream()
            .filter(attribute -> KEPT.contains(attribute.name()))
            .toArray(Attribute[]::new);
    Node attention = Node.of(DOMAIN, "MultiHeadAttention", inputs, List.of(node.output(0)), kept);
    graph.replace(node, attention.named(node.name()));
  }

  /** No two nodes may have one name. */
  private static String unused(Graph graph, String name) {
    boolean taken = graph.nodes().stream().anyMatch(node -> node.name().equals(name));
    return taken ? graph.uniqueName(name) : name;
  }

  private static TensorData columns(ConstantMatrix matrix, int from, int to) {
    int rows = matrix.rows();
    ByteBuffer bytes = TensorData.littleEndian((long) rows * (to - from) * Float.BYTES);
    float[] row = new float[matrix.columns()];
    for (int r = 0; r < rows; r++) {
      matrix.read(r, row);
      bytes.asFloatBuffer().put(row, from, to - from);
      bytes.position(bytes.position() + (to - from) * Float.BYTES);
    }
    return TensorData.of("", DataType.FLOAT32, Shape.of(rows, to - from), bytes.flip());
  }
}
