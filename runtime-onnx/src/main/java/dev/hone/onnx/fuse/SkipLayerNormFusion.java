package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A residual sum and the normalization behind it in one pass over memory:
 *
 * <pre>
 *   s = x + b + r            y = layerNorm(s)
 * </pre>
 *
 * becomes {@code SkipLayerNormalization(x, r, γ, β, b)}. The bias is optional. Where the sum is
 * used again, as in transformers that normalize first, the node gives it as its fourth output.
 *
 * <p>The shapes of {@code x} and {@code r} must be the same for certain: a sum that broadcasts,
 * such as that of embeddings and positions, is left alone.
 */
final class SkipLayerNormFusion {
  private static final Pattern BIASED = op("Add", any("x"), weight("bias", 1));

  private final Context context;

  private SkipLayerNormFusion(Context context) {
    this.context = context;
  }

  static void apply(Context context) {
    SkipLayerNormFusion fusion = new SkipLayerNormFusion(context);
    boolean changed = false;
    for (Node norm : context.graph().nodes("LayerNormalization")) {
      Node sum = context.graph().producer(norm.input(0));
      if (sum != null && sum.is("Add") && fusion.fits(norm, sum)) {
        fusion.fuse(norm, sum);
        changed = true;
      }
    }
    if (changed) {
      context.graph().removeDead();
    }
  }

  private boolean fits(Node norm, Node sum) {
    List<Length> left = context.shapes().dims(sum.input(0));
    List<Length> right = context.shapes().dims(sum.input(1));
    if (left == null || !left.equals(right) || left.size() != 3) {
      return false;
    }
    Length width = left.get(2);
    return context.isLastAxis(norm.longAttribute("axis", -1), norm.input(0))
        && (norm.outputs().size() == 1)
        && isVector(norm.input(1), width)
        && isVector(norm.input(2), width);
  }

  private boolean isVector(String value, Length width) {
    TensorData constant = context.graph().constant(value);
    return constant != null
        && constant.type() == DataType.FLOAT32
        && constant.shape().rank() == 1
        && width.is(constant.shape().length(0));
  }

  private void fuse(Node norm, Node sum) {
    List<String> inputs = inputs(norm, sum);
    Node fused =
        Node.of(
            Context.MICROSOFT,
            "SkipLayerNormalization",
            inputs,
            outputs(norm, sum),
            Attribute.of("epsilon", norm.floatAttribute("epsilon", 1e-5f)));
    context.graph().remove(norm);
    context.absorb(norm);
    context.put(sum, fused);
    fused.named(norm.name());
  }

  private List<String> inputs(Node norm, Node sum) {
    for (int side = 0; side < 2; side++) {
      Match biased = biased(sum, sum.input(side));
      if (biased != null) {
        String other = sum.input(1 - side);
        return List.of(
            biased.value("x"), other, norm.input(1), norm.input(2), biased.value("bias"));
      }
    }
    return List.of(sum.input(0), sum.input(1), norm.input(1), norm.input(2));
  }

  private @Nullable Match biased(Node sum, String term) {
    return BIASED
        .at(term, Match.empty(context))
        .filter(match -> match.covering(sum).neededElsewhere(sum) == null)
        .filter(match -> match.graph().useCount(term) == 1)
        .filter(match -> sameShape(match.value("x"), term))
        .filter(match -> isVector(match.value("bias"), lastOf(term)))
        .findFirst()
        .orElse(null);
  }

  private boolean sameShape(String one, String other) {
    List<Length> dims = context.shapes().dims(one);
    return dims != null && dims.equals(context.shapes().dims(other));
  }

  private Length lastOf(String value) {
    List<Length> dims = context.shapes().dims(value);
    return dims == null ? Length.named("") : dims.get(dims.size() - 1);
  }

  private List<String> outputs(Node norm, Node sum) {
    List<String> outputs = new ArrayList<>(List.of(norm.output(0)));
    if (context.graph().useCount(sum.output(0)) > 1) {
      outputs.addAll(List.of("", "", sum.output(0)));
    }
    return outputs;
  }
}
