package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link Pattern} has found up to some point: values under the names that the pattern gives
 * them, numbers likewise, and the nodes it went through. Immutable: each step makes a new one, so
 * that a pattern may try one way and then another.
 */
final class Match {
  private final Context context;
  private final Map<String, String> values;
  private final Map<String, Double> numbers;
  private final Set<Node> covered;

  private Match(
      Context context, Map<String, String> values, Map<String, Double> numbers, Set<Node> covered) {
    this.context = context;
    this.values = values;
    this.numbers = numbers;
    this.covered = covered;
  }

  static Match empty(Context context) {
    return new Match(context, Map.of(), Map.of(), Set.of());
  }

  Context context() {
    return context;
  }

  Graph graph() {
    return context.graph();
  }

  /** The same with a name for a value; nothing if the name already stands for another one. */
  Stream<Match> with(String name, String value) {
    String before = values.get(name);
    if (before != null) {
      return before.equals(value) ? Stream.of(this) : Stream.empty();
    }
    Map<String, String> more = new HashMap<>(values);
    more.put(name, value);
    return Stream.of(new Match(context, more, numbers, covered));
  }

  /** The same with a name for a number. */
  Match with(String name, double number) {
    Map<String, Double> more = new HashMap<>(numbers);
    more.put(name, number);
    return new Match(context, values, more, covered);
  }

  /** The same with one more node. */
  Match covering(Node node) {
    Set<Node> more = Collections.newSetFromMap(new IdentityHashMap<>());
    more.addAll(covered);
    more.add(node);
    return new Match(context, values, numbers, more);
  }

  /** The value of a name; empty if the pattern went a way that has none. */
  String value(String name) {
    return values.getOrDefault(name, "");
  }

  boolean has(String name) {
    return values.containsKey(name);
  }

  /** The number of a name, or {@code absent}. */
  double number(String name, double absent) {
    return numbers.getOrDefault(name, absent);
  }

  /** The constant that the value of a name is. */
  TensorData constant(String name) {
    return Objects.requireNonNull(constantOrNull(name), name);
  }

  /** The constant that the value of a name is, or null where the name has no value. */
  @Nullable TensorData constantOrNull(String name) {
    return graph().constant(value(name));
  }

  /**
   * A value that the pattern went through and that is needed elsewhere too, or null if there is
   * none and all nodes but the last can go. That a value's shape is asked for does not count, as
   * long as the answer goes only where the pattern has been.
   */
  @Nullable String neededElsewhere(Node last) {
    for (Node node : covered) {
      if (node == last) {
        continue;
      }
      for (String output : node.outputs()) {
        if (graph().isOutput(output) || !endsInside(output)) {
          return output;
        }
      }
    }
    return null;
  }

  private boolean endsInside(String value) {
    for (Node consumer : graph().consumers(value)) {
      boolean inside = covered.contains(consumer);
      boolean asksForShape =
          consumer.is("Shape") || (!value.isEmpty() && SHAPE_ARITHMETIC.contains(consumer.op()));
      if (!inside && !(asksForShape && isShape(consumer) && endsInside(consumer.output(0)))) {
        return false;
      }
    }
    return !graph().isOutput(value);
  }

  private boolean isShape(Node node) {
    return node.is("Shape") || context.shapes().elements(node.output(0)) != null;
  }

  private static final Set<String> SHAPE_ARITHMETIC =
      Set.of("Gather", "Unsqueeze", "Squeeze", "Concat", "Slice", "Cast", "Mul", "Div", "Identity");
}
