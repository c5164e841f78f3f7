package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.number;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.SymbolicShapes;
import java.util.Arrays;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * The ways in which queries, keys or values are projected and cut into heads. Under the name {@code
 * q}, {@code k} or {@code v} a match then knows
 *
 * <ul>
 *   <li>{@code q.heads}: before the heads are put in front, {@code [batch, positions, heads,
 *       size]}; or {@code q.five}, where one projection gives all three: {@code [batch, positions,
 *       3, heads, size]},
 *   <li>{@code q.projected}: the heads side by side, {@code [batch, positions, heads · size]};
 *       where there is {@code q.five}, all three side by side,
 *   <li>{@code q.input}, {@code q.weight} and perhaps {@code q.bias}: what it is made of, where it
 *       is a projection by constants,
 *   <li>the number {@code q.part}: which third of weight and bias it is, where they give all three.
 * </ul>
 */
final class HeadsPattern {
  /** The factor between {@code q·k} and what goes into the softmax. */
  static final String SCALE = "scale";

  private HeadsPattern() {}

  /** Heads in front of positions: {@code [batch, heads, positions, size]}. */
  static Pattern heads(String name) {
    Pattern third = op("Gather", isAlong(2), five(name), number(part(name)));
    Pattern turned = op("Transpose", perm(2, 0, 3, 1, 4), five(name));
    return oneOf(
        op("Transpose", perm(0, 2, 1, 3), cut(name)),
        op("Transpose", perm(0, 2, 1, 3), third),
        op("Gather", isAlong(0), turned, number(part(name))),
        op("Squeeze", HeadsPattern::isOfFirstAxis, piece(name, 0, turned)));
  }

  /** The same with the last two axes exchanged: {@code [batch, heads, size, positions]}. */
  static Pattern transposedHeads(String name) {
    return oneOf(
        op("Transpose", perm(0, 2, 3, 1), cut(name)),
        op("Transpose", perm(0, 1, 3, 2), scaled(heads(name))),
        flattened(name));
  }

  /** Batch and heads made one axis, so that one transposition fits every number of axes. */
  private static Pattern flattened(String name) {
    Pattern flat = op("Reshape", heads(name)).as(name + ".flat");
    return op("Reshape", op("Transpose", perm(0, 2, 1), flat)).as(name + ".transposed");
  }

  private static Pattern cut(String name) {
    Pattern projected =
        oneOf(
            scaled(projection(name)).as(name + ".projected"),
            piece(name, 2, projection(name)).as(name + ".projected"),
            any(name + ".projected"));
    return op("Reshape", projected).as(name + ".heads");
  }

  private static Pattern five(String name) {
    return op("Reshape", projection(name).as(name + ".projected")).as(name + ".five");
  }

  private static Pattern projection(String name) {
    Pattern product = op("MatMul", any(name + ".input"), weight(name + ".weight", 2));
    return oneOf(op("Add", product, weight(name + ".bias", 1)), product);
  }

  private static String part(String name) {
    return name + ".part";
  }

  /** One of three equal pieces along an axis. */
  private static Pattern piece(String name, int axis, Pattern whole) {
    return (value, match) -> {
      Node split = match.graph().producer(value);
      if (split == null || !split.is("Split") || !isInThirds(split, axis, match.context())) {
        return Stream.empty();
      }
      int index = split.outputs().indexOf(value);
      return whole
          .at(split.input(0), match.covering(split))
          .map(found -> found.with(part(name), index));
    };
  }

  private static boolean isInThirds(Node split, int axis, Context context) {
    long along = split.longAttribute("axis", 0);
    SymbolicShapes shapes = context.shapes();
    return split.outputs().size() == 3
        && (along == axis || (axis > 0 && context.isLastAxis(along, split.input(0))))
        && shapes.dims(split.output(0)) != null
        && split.outputs().stream().map(shapes::dims).distinct().count() == 1;
  }

  private static boolean isOfFirstAxis(Node squeeze, Context context) {
    return Arrays.equals(context.shapes().parameter(squeeze, "axes", 1), new long[] {0});
  }

  private static BiPredicate<Node, Context> isAlong(long axis) {
    return (gather, context) -> gather.longAttribute("axis", 0) == axis;
  }

  /** Whether a transposition is this one. */
  static BiPredicate<Node, Context> perm(long... wanted) {
    return (node, context) -> Arrays.equals(node.longsAttribute("perm"), wanted);
  }

  /** Something, or something times a number. */
  static Pattern scaled(Pattern pattern) {
    return oneOf(
        pattern,
        op("Div", pattern, number("factor")).then(match -> times(match, -1)),
        op("Mul", pattern, number("factor")).then(match -> times(match, 1)));
  }

  private static Match times(Match match, int power) {
    double factor = Math.pow(match.number("factor", 1), power);
    return match.with(SCALE, match.number(SCALE, 1) * factor);
  }
}
