package dev.hone.onnx.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Finds what no output of a graph needs. */
final class DeadCode {
  private DeadCode() {}

  /**
   * Removes it, and gives how many nodes went. Inputs that callers can give stay: they are a
   * promise.
   */
  static int remove(Graph graph) {
    Set<String> needed = new HashSet<>();
    Set<Node> alive = alive(graph, needed);
    List<Node> dead = new ArrayList<>();
    for (Node node : graph.nodes()) {
      if (!alive.contains(node)) {
        dead.add(node);
      }
    }
    if (!dead.isEmpty()) {
      graph.remove(dead);
    }
    for (TensorData weight : List.copyOf(graph.initializers())) {
      boolean promised = graph.isInput(weight.name()) && graph.hasDefault(weight.name());
      if (!needed.contains(weight.name()) && !promised) {
        graph.removeInitializer(weight.name());
      }
    }
    Set<String> known = new HashSet<>();
    graph.nodes().forEach(node -> known.addAll(node.outputs()));
    graph.initializers().forEach(weight -> known.add(weight.name()));
    graph.inputs().forEach(input -> known.add(input.name()));
    graph.removeValueInfos(info -> !known.contains(info.name()));
    return dead.size();
  }

  private static Set<Node> alive(Graph graph, Set<String> needed) {
    Set<Node> alive = new HashSet<>();
    Deque<String> open = new ArrayDeque<>();
    graph.outputs().forEach(output -> open.add(output.name()));
    while (!open.isEmpty()) {
      String value = open.remove();
      if (needed.add(value)) {
        Node producer = graph.producer(value);
        if (producer != null && alive.add(producer)) {
          open.addAll(GraphIndex.allUses(producer));
        }
      }
    }
    return alive;
  }
}
