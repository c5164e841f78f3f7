package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.number;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.onnx.graph.Node;
import java.util.Arrays;
import java.util.function.BiPredicate;
import java.util.stream.Stream;

/**
 * The ways in which exporters write attention. Of each of {@code q}, {@code k} and {@code v} a
 * match knows {@code .projected} (rank 3, heads side by side), {@code .heads} (rank 4, before the
 * transposition), and where the projection is one with constant weights {@code .input}, {@code
 * .weight} and perhaps {@code .bias}. {@code scale} is the product of all factors on the way.
 */
final class AttentionPattern {
  /** The factor between {@code q·k} and what goes into the softmax. */
  static final String SCALE = "scale";

  /** The context, heads side by side again: what an attention gives. */
  static final Pattern ATTENTION =
      op(
          "Reshape",
          op(
              "Transpose",
              perm(0, 2, 1, 3),
              op("MatMul", probabilities(), split("v", perm(0, 2, 1, 3)))));

  private AttentionPattern() {}

  private static Pattern probabilities() {
    Pattern softmax = op("Softmax", AttentionPattern::isOverLastAxis, masked());
    // Newer exporters guard rows without any unmasked position.
    Pattern guarded = op("Where", op("IsNaN", softmax), number(0), softmax);
    return oneOf(softmax, guarded, op("Dropout", softmax), op("Dropout", guarded));
  }

  private static Pattern masked() {
    Pattern scores = scaled(op("MatMul", scaled(query()), scaled(key())));
    return oneOf(
        scores,
        op("Add", scores, any("addedMask")),
        op("Where", any("hidden"), number("fill"), scores),
        op("Where", any("shown"), scores, number("fill")));
  }

  private static Pattern query() {
    return split("q", perm(0, 2, 1, 3));
  }

  private static Pattern key() {
    Pattern heads = split("k", perm(0, 2, 1, 3));
    Pattern threeAxes =
        op("Reshape", op("Transpose", perm(0, 2, 1), op("Reshape", heads).as("k.flat")));
    return oneOf(
        split("k", perm(0, 2, 3, 1)),
        op("Transpose", perm(0, 1, 3, 2), scaled(heads)),
        threeAxes.as("k.transposed"));
  }

  /** A projection cut into heads, which are then put in front of the positions. */
  private static Pattern split(String name, BiPredicate<Node, Context> perm) {
    Pattern projected =
        oneOf(scaled(projection(name)).as(name + ".projected"), any(name + ".projected"));
    return op("Transpose", perm, op("Reshape", projected).as(name + ".heads"));
  }

  private static Pattern projection(String name) {
    Pattern product = op("MatMul", any(name + ".input"), weight(name + ".weight", 2));
    return oneOf(op("Add", product, weight(name + ".bias", 1)), product);
  }

  /** Something, or something times a number. */
  private static Pattern scaled(Pattern pattern) {
    return oneOf(
        pattern,
        op("Div", pattern, number("factor")).then(match -> times(match, -1)),
        op("Mul", pattern, number("factor")).then(match -> times(match, 1)));
  }

  private static Match times(Match match, int power) {
    double factor = Math.pow(match.number("factor", 1), power);
    return match.with(SCALE, match.number(SCALE, 1) * factor);
  }

  private static BiPredicate<Node, Context> perm(long... wanted) {
    return (node, context) -> Arrays.equals(node.longsAttribute("perm"), wanted);
  }

  /** Before opset 13 a softmax flattens what lies before its axis: the same for the last one. */
  private static boolean isOverLastAxis(Node softmax, Context context) {
    long axis = softmax.longAttribute("axis", context.opset() < 13 ? 1 : -1);
    return axis == -1 || axis == 3;
  }

  /** All ways to read an attention that ends at a value. */
  static Stream<Match> at(String value, Context context) {
    return ATTENTION.at(value, Match.empty(context));
  }
}
