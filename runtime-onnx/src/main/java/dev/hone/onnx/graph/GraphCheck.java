package dev.hone.onnx.graph;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Whether the names of a graph fit together, and its tensors are sound. */
final class GraphCheck {
  private final ExternalDataCheck externalData;

  /** The names that can be seen in a graph: its own, and those around it. */
  private record Scope(Set<String> names, @Nullable Scope outer) {
    boolean sees(String name) {
      for (Scope scope = this; scope != null; scope = scope.outer) {
        if (scope.names.contains(name)) {
          return true;
        }
      }
      return false;
    }
  }

  GraphCheck(ExternalDataCheck externalData) {
    this.externalData = externalData;
  }

  /**
   * Checks a graph and its subgraphs.
   *
   * @throws MalformedException if it is not sound
   */
  void check(Graph graph) {
    check(graph, null);
  }

  private void check(Graph graph, @Nullable Scope outer) {
    Scope visible = new Scope(defined(graph), outer);
    for (Node node : graph.nodes()) {
      checkNode(node, visible);
    }
    for (Node node : graph.nodes()) { // only now are all tensors known to be sound
      NodeCheck.check(node, graph);
    }
    Set<String> outputs = new HashSet<>();
    for (ValueInfo output : graph.outputs()) {
      if (!outputs.add(output.name())) {
        throw new MalformedException(
            "two outputs of the graph '" + graph.name() + "' are called '" + output.name() + "'");
      }
      if (!visible.sees(output.name())) {
        throw new MalformedException(
            "the output '"
                + output.name()
                + "' of the graph '"
                + graph.name()
                + "' is made by none"
                + " of its nodes");
      }
    }
    Node cycle = NodeOrder.cycle(graph);
    if (cycle != null) {
      throw new MalformedException(
          cycle.label() + " needs, through other nodes, what it makes itself: a circle");
    }
  }

  private Set<String> defined(Graph graph) {
    Set<String> defined = new HashSet<>();
    for (ValueInfo input : graph.inputs()) {
      define(defined, input.name(), "an input of the graph '" + graph.name() + "'");
    }
    Set<String> inputs = Set.copyOf(defined);
    for (TensorData weight : graph.initializers()) {
      checkTensor(weight);
      if (!inputs.contains(weight.name())) {
        define(defined, weight.name(), "an initializer");
      }
    }
    for (TensorData sparse : SparseInitializers.check(graph)) {
      if (!inputs.contains(sparse.name())) {
        define(defined, sparse.name(), "a sparse initializer");
      }
    }
    for (Node node : graph.nodes()) {
      for (String output : node.outputs()) {
        if (!output.isEmpty()) {
          define(defined, output, "an output of " + node.label());
        }
      }
    }
    return defined;
  }

  private static void define(Set<String> defined, String name, String what) {
    if (name.isEmpty()) {
      throw new MalformedException(what + " has no name");
    }
    if (!defined.add(name)) {
      throw new MalformedException(
          what + " is called '" + name + "', but another value has that name already");
    }
  }

  private void checkNode(Node node, Scope visible) {
    if (node.op().isEmpty()) {
      throw new MalformedException("the node '" + node.name() + "' names no operator");
    }
    for (String input : node.inputs()) {
      if (!input.isEmpty() && !visible.sees(input)) {
        throw new MalformedException(node.label() + " needs '" + input + "', which nothing makes");
      }
    }
    for (Attribute attribute : node.attributes()) {
      attribute.tensors().forEach(this::checkTensor);
      for (Graph subgraph : attribute.graphs()) {
        check(subgraph, visible);
      }
    }
  }

  private void checkTensor(TensorData tensor) {
    TensorCheck.check(tensor);
    externalData.check(tensor);
  }

  /** Checks the tensors in the body of a function; its names are the runtime's business. */
  void checkBody(List<Node> nodes) {
    for (Node node : nodes) {
      NodeCheck.checkAttributes(node);
      node.attributes().forEach(attribute -> attribute.tensors().forEach(this::checkTensor));
      node.subgraphs().forEach(subgraph -> checkBody(subgraph.nodes()));
    }
  }
}
