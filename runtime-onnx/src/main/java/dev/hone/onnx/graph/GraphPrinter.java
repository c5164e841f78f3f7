package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Shows a graph to a person: inputs, weights, nodes and outputs, one to a line. */
public final class GraphPrinter {
  private static final int MOST_ELEMENTS = 8;

  private final StringBuilder text = new StringBuilder();

  private GraphPrinter() {}

  /** The whole graph, subgraphs indented below their node. */
  public static String print(Graph graph) {
    GraphPrinter printer = new GraphPrinter();
    printer.graph(graph, "");
    return printer.text.toString();
  }

  /** How often each operator occurs, subgraphs included, the most frequent first. */
  public static String summary(Graph graph) {
    List<String> ops = new ArrayList<>();
    collectOps(graph, ops);
    return ops.stream()
        .collect(Collectors.groupingBy(op -> op, Collectors.counting()))
        .entrySet()
        .stream()
        .sorted(
            (a, b) -> {
              int byCount = Long.compare(b.getValue(), a.getValue());
              return byCount != 0 ? byCount : a.getKey().compareTo(b.getKey());
            })
        .map(entry -> entry.getKey() + " x " + entry.getValue())
        .collect(Collectors.joining(", "));
  }

  private static void collectOps(Graph graph, List<String> ops) {
    for (Node node : graph.nodes()) {
      ops.add(node.domain().isEmpty() ? node.op() : node.domain() + "." + node.op());
      node.subgraphs().forEach(subgraph -> collectOps(subgraph, ops));
    }
  }

  private void graph(Graph graph, String indent) {
    line(indent, "graph " + graph.name());
    String inner = indent + "  ";
    graph.inputs().forEach(input -> line(inner, "in  " + input));
    for (TensorData weight : graph.initializers()) {
      line(inner, "    " + weight + (weight.isExternal() ? " (external)" : elements(weight)));
    }
    for (Node node : graph.nodes()) {
      line(inner, node.toString());
      node.subgraphs().forEach(subgraph -> graph(subgraph, inner + "  "));
    }
    graph.outputs().forEach(output -> line(inner, "out " + output));
  }

  private void line(String indent, String content) {
    text.append(indent).append(content).append('\n');
  }

  /** An attribute's value, shortened. */
  static String value(Attribute attribute) {
    return switch (attribute.kind()) {
      case FLOAT -> Float.toString(attribute.asFloat());
      case INT -> Long.toString(attribute.asLong());
      case STRING -> '"' + attribute.asString() + '"';
      case TENSOR -> attribute.asTensor() + elements(attribute.asTensor());
      case FLOATS -> Arrays.toString(attribute.asFloats());
      case INTS -> Arrays.toString(attribute.asLongs());
      case STRINGS -> attribute.asStrings().toString();
      case TENSORS -> attribute.tensors().toString();
      case GRAPH, GRAPHS ->
          attribute.graphs().stream()
              .map(Graph::name)
              .collect(Collectors.joining(", ", "graph ", ""));
      case OTHER -> "...";
    };
  }

  private static String elements(TensorData tensor) {
    if (tensor.type() == null || tensor.shape().elementCount() > MOST_ELEMENTS) {
      return "";
    }
    return switch (tensor.type()) {
      case FLOAT32 -> " = " + Arrays.toString(tensor.toFloats());
      case INT32, INT64 -> " = " + Arrays.toString(tensor.toLongs());
      case STRING -> " = " + tensor.toStrings();
      default -> "";
    };
  }
}
