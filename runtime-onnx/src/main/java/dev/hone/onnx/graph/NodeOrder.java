package dev.hone.onnx.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Topological order. Depth first from each node in turn, so that a list already in order stays as
 * it is; with a stack of its own, so that a long chain cannot overflow Java's.
 */
final class NodeOrder {
  private final Map<String, Node> producers = new HashMap<>();
  private final Set<Node> open = new HashSet<>();
  private final Set<Node> done = new HashSet<>();
  private final List<Node> sorted = new ArrayList<>();
  private @Nullable Node onCycle;

  private NodeOrder(Graph graph) {
    for (Node node : graph.nodes()) {
      node.outputs().forEach(output -> producers.put(output, node));
    }
    producers.remove("");
  }

  /**
   * The nodes in order.
   *
   * @throws IllegalStateException if they depend on each other in a circle
   */
  static List<Node> sorted(Graph graph) {
    NodeOrder order = new NodeOrder(graph);
    graph.nodes().forEach(order::visit);
    if (order.onCycle != null) {
      throw new IllegalStateException(
          "The graph '" + graph.name() + "' has a circle at " + order.onCycle.label() + ".");
    }
    return order.sorted;
  }

  /** A node that depends on itself, or null if none does. */
  static @Nullable Node cycle(Graph graph) {
    NodeOrder order = new NodeOrder(graph);
    graph.nodes().forEach(order::visit);
    return order.onCycle;
  }

  private void visit(Node root) {
    Deque<Node> stack = new ArrayDeque<>();
    stack.push(root);
    while (!stack.isEmpty() && onCycle == null) {
      Node node = stack.peek();
      if (done.contains(node)) {
        stack.pop();
      } else if (open.add(node)) {
        pushProducers(node, stack);
      } else {
        stack.pop();
        done.add(node);
        sorted.add(node);
      }
    }
  }

  private void pushProducers(Node node, Deque<Node> stack) {
    List<String> uses = GraphIndex.allUses(node);
    for (int i = uses.size() - 1; i >= 0; i--) {
      Node producer = producers.get(uses.get(i));
      if (producer == null || done.contains(producer)) {
        continue;
      }
      if (open.contains(producer)) {
        onCycle = producer;
        return;
      }
      stack.push(producer);
    }
  }
}
