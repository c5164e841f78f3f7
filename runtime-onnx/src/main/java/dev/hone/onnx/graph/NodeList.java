package dev.hone.onnx.graph;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** The nodes of a graph, in order. Each knows the graph that it is in, and is in no other. */
final class NodeList {
  private final Graph graph;
  private final List<Node> nodes = new ArrayList<>();
  private final List<Node> view = Collections.unmodifiableList(nodes);

  NodeList(Graph graph) {
    this.graph = graph;
  }

  /** A live view that cannot be changed. */
  List<Node> view() {
    return view;
  }

  int position(Node node) {
    int position = nodes.indexOf(node);
    if (position < 0) {
      throw new IllegalArgumentException(
          node.label() + " is not in the graph '" + graph.name() + "'.");
    }
    return position;
  }

  void insert(int position, Node... added) {
    Set<Node> all = Collections.newSetFromMap(new IdentityHashMap<>());
    for (Node node : added) {
      if (node.owner() != null || !all.add(node)) {
        throw new IllegalArgumentException(
            node.label() + " already belongs to a graph. Remove it there first, or copy it.");
      }
    }
    all.forEach(node -> node.setOwner(graph));
    nodes.addAll(position, List.of(added));
  }

  /** Those of these that are here. */
  void remove(Collection<Node> removed) {
    Set<Node> all = Collections.newSetFromMap(new IdentityHashMap<>());
    all.addAll(removed);
    nodes.removeIf(
        node -> {
          boolean hit = all.contains(node);
          if (hit) {
            node.setOwner(null);
          }
          return hit;
        });
  }

  /** Puts the same nodes into another order; tells whether it is another. */
  boolean arrange(List<Node> order) {
    if (order.equals(nodes)) {
      return false;
    }
    nodes.clear();
    nodes.addAll(order);
    return true;
  }
}
