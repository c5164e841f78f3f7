package dev.hone.onnx.graph;

import java.util.Collection;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The names of values and nodes that a model has, for making new ones that it has not. */
final class TakenNames {
  private final Graph graph;
  private @Nullable Set<String> taken; // null until somebody asks: most models are never changed

  /** The names of a graph and of all graphs inside it. */
  TakenNames(Graph graph) {
    this.graph = graph;
  }

  /** A name that is not taken, made from {@code hint}; it is then. */
  String unique(String hint) {
    if (taken == null) {
      taken = GraphIndex.allNames(graph);
    }
    String candidate = hint;
    for (int i = 1; !taken.add(candidate); i++) {
      candidate = hint + "_" + i;
    }
    return candidate;
  }

  /** Takes names that somebody chose. */
  void take(Collection<String> names) {
    if (taken != null) {
      taken.addAll(names);
    }
  }
}
