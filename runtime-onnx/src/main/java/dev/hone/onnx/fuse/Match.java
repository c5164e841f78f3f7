package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.ArrayDeque;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
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
  /** How many nodes outside a pattern a use may pass on its way back into it. */
  private static final int FARTHEST = 64;

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
   * none and all nodes but the last can go. Uses that lead only back into the pattern, such as
   * asking for a shape that a later node of it takes, do not count: they go with it.
   */
  @Nullable String neededElsewhere(Node last) {
    Set<Node> going = Collections.newSetFromMap(new IdentityHashMap<>());
    going.addAll(covered);
    for (Node node : covered) {
      for (String output : node.outputs()) {
        if (node != last && !endsInside(output, going)) {
          return output;
        }
      }
    }
    return null;
  }

  private boolean endsInside(String value, Set<Node> going) {
    Deque<String> open = new ArrayDeque<>(List.of(value));
    Set<Node> passed = Collections.newSetFromMap(new IdentityHashMap<>());
    while (!open.isEmpty()) {
      String next = open.remove();
      if (graph().isOutput(next) || passed.size() > FARTHEST) {
        return false;
      }
      for (Node consumer : graph().consumers(next)) {
        if (!going.contains(consumer) && passed.add(consumer)) {
          open.addAll(consumer.outputs());
        }
      }
    }
    going.addAll(passed);
    return true;
  }

  /** Whether a value is computed from something that the pattern went through. */
  boolean leadsTo(String value) {
    Deque<String> open = new ArrayDeque<>(List.of(value));
    Set<String> seen = new HashSet<>();
    while (!open.isEmpty()) {
      Node producer = graph().producer(open.remove());
      if (producer != null && covered.contains(producer)) {
        return true;
      }
      if (producer != null) {
        producer.inputs().stream().filter(seen::add).forEach(open::add);
      }
    }
    return false;
  }
}
