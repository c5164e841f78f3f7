package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.number;
import static dev.hone.onnx.fuse.Pattern.oneOf;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Layer normalization from its pieces, over the last axis:
 *
 * <pre>
 *   c = x - mean(x)          y = c / sqrt(mean(c²) + ε) · γ + β
 * </pre>
 *
 * becomes {@code LayerNormalization(x, γ, β)}. That operator came with opset 17, before which
 * exporters write the pieces; ONNX Runtime knows it in every opset. Rounding differs in the last
 * bits, because the sums run in another order.
 */
final class LayerNormFusion {
  private static final Pattern X = any("x");
  private static final Pattern CENTRED = op("Sub", X, mean(X));
  private static final Pattern CENTRED_OR_CAST =
      oneOf(CENTRED, op("Cast", LayerNormFusion::isToFloat, CENTRED));
  private static final Pattern SQUARE =
      oneOf(op("Pow", CENTRED_OR_CAST, number(2)), op("Mul", CENTRED, CENTRED));
  private static final Pattern DEVIATION = op("Sqrt", op("Add", mean(SQUARE), number("epsilon")));
  private static final Pattern NORMALIZED = op("Div", CENTRED, DEVIATION);
  private static final Pattern LAYER_NORM =
      op("Add", op("Mul", NORMALIZED, weight("gamma", 1)), weight("beta", 1));

  private LayerNormFusion() {}

  static void apply(Context context) {
    context.rewrite("Add", LAYER_NORM, LayerNormFusion::fused);
  }

  private static Pattern mean(Pattern of) {
    return op("ReduceMean", LayerNormFusion::isOverLastAxis, of);
  }

  private static boolean isOverLastAxis(Node mean, Context context) {
    long[] axes = context.shapes().parameter(mean, "axes", 1);
    return axes != null
        && axes.length == 1
        && context.isLastAxis(axes[0], mean.input(0))
        && mean.longAttribute("keepdims", 1) == 1;
  }

  private static boolean isToFloat(Node cast, Context context) {
    return Cast.type(cast) == DataType.FLOAT32;
  }

  /** Whether a factor is as long as the last axis: one number for all is none of the operator's. */
  private static boolean fits(Match match, String factor) {
    List<Length> dims = match.context().shapes().dims(match.value("x"));
    long length = match.constant(factor).shape().length(0);
    return dims != null && !dims.isEmpty() && dims.get(dims.size() - 1).is(length);
  }

  private static @Nullable Node fused(Match match) {
    if (!fits(match, "gamma") || !fits(match, "beta")) {
      return null;
    }
    return Node.of(
        "LayerNormalization",
        List.of(match.value("x"), match.value("gamma"), match.value("beta")),
        List.of(),
        Attribute.of("axis", -1L),
        Attribute.of("epsilon", (float) match.number("epsilon", 0)));
  }
}
