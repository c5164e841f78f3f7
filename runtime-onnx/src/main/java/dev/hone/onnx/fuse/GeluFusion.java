package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.number;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;

import dev.hone.onnx.graph.Node;
import java.util.List;

/**
 * The Gaussian error linear unit from its pieces, in whatever order its factors come:
 *
 * <pre>
 *   gelu(x) = ½ x (1 + erf(x / √2))
 *   its approximation:  ½ x (1 + tanh(√(2/π) (x + 0.044715 x³)))
 * </pre>
 *
 * The first becomes {@code Gelu}, the second {@code FastGelu}, both of ONNX Runtime. Source:
 * Hendrycks and Gimpel, Gaussian Error Linear Units, 2016.
 */
final class GeluFusion {
  private static final Pattern X = any("x");
  private static final Pattern SCALED =
      oneOf(op("Div", X, number(Math.sqrt(2))), op("Mul", X, number(Math.sqrt(0.5))));
  private static final Pattern ERF = op("Add", op("Erf", SCALED), number(1));

  private static final Pattern CUBE = oneOf(op("Pow", X, number(3)), op("Mul", X, op("Mul", X, X)));
  private static final Pattern POLYNOMIAL = op("Add", X, op("Mul", CUBE, number(0.044715)));
  private static final Pattern TANH =
      op("Add", op("Tanh", op("Mul", POLYNOMIAL, number(Math.sqrt(2 / Math.PI)))), number(1));

  private GeluFusion() {}

  static void apply(Context context) {
    String exact = context.options().fastGelu() ? "FastGelu" : "Gelu";
    context.rewrite("Mul", halfOfXTimes(ERF), match -> node(exact, match));
    context.rewrite("Mul", halfOfXTimes(TANH), match -> node("FastGelu", match));
  }

  private static Pattern halfOfXTimes(Pattern factor) {
    return oneOf(
        op("Mul", op("Mul", X, factor), number(0.5)),
        op("Mul", X, op("Mul", factor, number(0.5))),
        op("Mul", op("Mul", X, number(0.5)), factor));
  }

  private static Node node(String op, Match match) {
    return Node.of(Context.MICROSOFT, op, List.of(match.value("x")), List.of());
  }
}
