package dev.hone.onnx.graph;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Whether a model's functions can be expanded: a runtime puts the body of a function where it is
 * called. One that calls itself would be expanded for ever, and a few that each call the next one
 * twice give more nodes than memory holds.
 *
 * <p>With a stack of its own, so that a long chain of calls cannot overflow Java's; each function
 * is looked at once.
 */
final class FunctionCheck {
  /** Far above the largest models, far below what fills a machine. */
  static final long MOST_NODES = 10_000_000;

  private final Map<String, List<String>> calls = new HashMap<>();
  private final Map<String, Long> ownNodes = new HashMap<>();
  private final Map<String, Long> expandedNodes = new HashMap<>();

  private FunctionCheck(List<LocalFunction> functions) {
    functions.forEach(function -> calls.put(function.key(), new ArrayList<>()));
    for (LocalFunction function : functions) {
      List<String> called = new ArrayList<>();
      long own = collect(function.nodes(), called);
      calls.getOrDefault(function.key(), List.of()).addAll(called);
      ownNodes.merge(function.key(), own, Long::sum);
    }
  }

  /**
   * Checks the functions of a model.
   *
   * @param main the nodes of its graph
   * @throws MalformedException if they cannot be expanded
   */
  static void check(List<LocalFunction> functions, List<Node> main) {
    if (functions.isEmpty()) {
      return;
    }
    FunctionCheck check = new FunctionCheck(functions);
    check.calls.keySet().forEach(check::visit);
    List<String> called = new ArrayList<>();
    long own = check.collect(main, called);
    long nodes = check.expanded(own, called);
    if (nodes > MOST_NODES) {
      throw new MalformedException(
          "its functions, put where they are called, make more than " + MOST_NODES + " nodes",
          "Export it without functions, or do not use it: it may be meant to fill the memory.");
    }
  }

  /** Adds the functions that nodes call, as often as they do, and counts the nodes. */
  private long collect(Iterable<Node> nodes, List<String> called) {
    long count = 0;
    for (Node node : nodes) {
      count++;
      String key = LocalFunction.keyOf(node);
      if (calls.containsKey(key)) {
        called.add(key);
      }
      for (Graph subgraph : node.subgraphs()) {
        count += collect(subgraph.nodes(), called);
      }
    }
    return count;
  }

  /** Saturates a little above the bound, so that the sums cannot overflow. */
  private long expanded(long own, List<String> called) {
    long nodes = own;
    for (String function : called) {
      nodes = Math.min(nodes + expandedNodes.getOrDefault(function, 0L), MOST_NODES + 1);
    }
    return nodes;
  }

  private record Visit(String function, Iterator<String> rest) {}

  private void visit(String root) {
    Set<String> open = new HashSet<>();
    Deque<Visit> stack = new ArrayDeque<>();
    enter(root, open, stack);
    while (!stack.isEmpty()) {
      Visit top = stack.element();
      if (top.rest().hasNext()) {
        enter(top.rest().next(), open, stack);
      } else {
        stack.pop();
        open.remove(top.function());
        long own = ownNodes.getOrDefault(top.function(), 0L);
        expandedNodes.put(top.function(), expanded(own, called(top.function())));
      }
    }
  }

  private void enter(String function, Set<String> open, Deque<Visit> stack) {
    if (expandedNodes.containsKey(function)) {
      return;
    }
    if (!open.add(function)) {
      throw new MalformedException("the function '" + function + "' calls itself");
    }
    stack.push(new Visit(function, called(function).iterator()));
  }

  private List<String> called(String function) {
    return calls.getOrDefault(function, List.of());
  }
}
