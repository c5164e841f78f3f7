package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A formula to look for, read from its result back to what it is made of. {@code op("Mul",
 * any("x"), number(0.5))} is half of something, which is then known as {@code x}; the order of the
 * factors does not matter. A name that comes twice must stand for the same value.
 */
@FunctionalInterface
interface Pattern {
  /**
   * All ways in which a value can be this formula.
   *
   * @param before what is known already
   */
  Stream<Match> at(String value, Match before);

  /** How far a constant may be from the number that a formula has there, relatively. */
  double TOLERANCE = 1e-5;

  /** Operators whose two inputs may change places. */
  Set<String> COMMUTATIVE = Set.of("Add", "Mul", "And", "Or", "Equal");

  /** Any value, known by this name from now on. */
  static Pattern any(String name) {
    return (value, match) -> match.with(name, value);
  }

  /** A weight of floats with this many axes. */
  static Pattern weight(String name, int rank) {
    return (value, match) -> {
      TensorData constant = match.graph().constant(value);
      boolean fits =
          constant != null
              && constant.type() == DataType.FLOAT32
              && constant.shape().rank() == rank;
      return fits ? match.with(name, value) : Stream.empty();
    };
  }

  /** A single number, constant or computed from shapes, known by this name. */
  static Pattern number(String name) {
    return (value, match) -> {
      double number = match.context().scalars().of(value);
      return Double.isNaN(number) ? Stream.empty() : Stream.of(match.with(name, number));
    };
  }

  /** This number. */
  static Pattern number(double wanted) {
    return (value, match) -> {
      double number = match.context().scalars().of(value);
      double tolerance = TOLERANCE * Math.abs(wanted);
      return Math.abs(number - wanted) <= tolerance ? Stream.of(match) : Stream.empty();
    };
  }

  /** What a standard operator makes of inputs; inputs beyond those given may be anything. */
  static Pattern op(String op, Pattern... inputs) {
    return op(op, (node, context) -> true, inputs);
  }

  /** What a standard operator makes of inputs, if a condition on the node holds. */
  static Pattern op(String op, BiPredicate<Node, Context> condition, Pattern... inputs) {
    return (value, match) -> {
      Node node = match.graph().producer(value);
      if (node == null || !node.is(op) || !node.output(0).equals(value)) {
        return Stream.empty();
      }
      if (node.inputs().size() < inputs.length || !condition.test(node, match.context())) {
        return Stream.empty();
      }
      Match covering = match.covering(node);
      Stream<Match> straight = all(List.of(inputs), node.inputs(), covering);
      if (inputs.length != 2 || !COMMUTATIVE.contains(op)) {
        return straight;
      }
      List<String> swapped = List.of(node.input(1), node.input(0));
      return Stream.concat(straight, all(List.of(inputs), swapped, covering));
    };
  }

  private static Stream<Match> all(List<Pattern> patterns, List<String> values, Match before) {
    Stream<Match> matches = Stream.of(before);
    for (int i = 0; i < patterns.size(); i++) {
      Pattern pattern = patterns.get(i);
      String value = values.get(i);
      matches = matches.flatMap(match -> pattern.at(value, match));
    }
    return matches;
  }

  /** One of several formulas, tried in this order. */
  static Pattern oneOf(Pattern... patterns) {
    return (value, match) -> Stream.of(patterns).flatMap(pattern -> pattern.at(value, match));
  }

  /** The same formula, whose value gets a name too. */
  default Pattern as(String name) {
    return (value, match) -> at(value, match).flatMap(found -> found.with(name, value));
  }

  /** The same formula, with something noted about what it found. */
  default Pattern then(UnaryOperator<Match> note) {
    return (value, match) -> at(value, match).map(note);
  }
}
