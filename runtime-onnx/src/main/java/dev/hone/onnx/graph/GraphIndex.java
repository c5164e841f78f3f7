package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Who makes and who uses each value of a graph, at one moment. */
final class GraphIndex {
  private final Map<String, Node> producers = new HashMap<>();
  private final Map<String, List<Node>> consumers = new HashMap<>();
  private final Map<String, Integer> useCounts = new HashMap<>();

  private GraphIndex() {}

  static GraphIndex of(Graph graph) {
    GraphIndex index = new GraphIndex();
    for (Node node : graph.nodes()) {
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          index.producers.putIfAbsent(output, node);
        }
      }
      for (String used : allUses(node)) {
        List<Node> users = index.consumers.computeIfAbsent(used, name -> new ArrayList<>(2));
        if (users.isEmpty() || users.get(users.size() - 1) != node) {
          users.add(node);
        }
        index.useCounts.merge(used, 1, Integer::sum);
      }
    }
    graph.outputs().forEach(output -> index.useCounts.merge(output.name(), 1, Integer::sum));
    return index;
  }

  /** The names that a node reads: its inputs, and what its subgraphs take from around them. */
  static List<String> allUses(Node node) {
    List<String> uses = new ArrayList<>();
    for (String input : node.inputs()) {
      if (!input.isEmpty()) {
        uses.add(input);
      }
    }
    node.subgraphs().forEach(subgraph -> uses.addAll(captured(subgraph)));
    return uses;
  }

  /** The names that a subgraph uses and does not define, once for each use. */
  private static List<String> captured(Graph subgraph) {
    Set<String> defined = defined(subgraph);
    List<String> captured = new ArrayList<>();
    subgraph.nodes().forEach(node -> captured.addAll(allUses(node)));
    subgraph.outputs().forEach(output -> captured.add(output.name()));
    captured.removeIf(defined::contains);
    return captured;
  }

  /** The names that a graph gives to values: in it they mean these, whatever is around it. */
  static Set<String> defined(Graph graph) {
    Set<String> defined = new HashSet<>();
    graph.inputs().forEach(input -> defined.add(input.name()));
    graph.initializers().forEach(weight -> defined.add(weight.name()));
    graph.nodes().forEach(node -> defined.addAll(node.outputs()));
    return defined;
  }

  @Nullable Node producer(String value) {
    return producers.get(value);
  }

  List<Node> consumers(String value) {
    return List.copyOf(consumers.getOrDefault(value, List.of()));
  }

  int useCount(String value) {
    return useCounts.getOrDefault(value, 0);
  }

  /** Every name of a value or node in a graph and its subgraphs. */
  static Set<String> allNames(Graph graph) {
    Set<String> names = new HashSet<>();
    names.add("");
    graph.inputs().forEach(input -> names.add(input.name()));
    graph.initializers().forEach(weight -> names.add(weight.name()));
    for (Node node : graph.nodes()) {
      names.add(node.name());
      names.addAll(node.inputs());
      names.addAll(node.outputs());
      node.subgraphs().forEach(subgraph -> names.addAll(allNames(subgraph)));
    }
    return names;
  }
}
