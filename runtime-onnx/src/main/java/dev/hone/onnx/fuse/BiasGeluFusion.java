package dev.hone.onnx.fuse;

import static dev.hone.onnx.fuse.Pattern.any;
import static dev.hone.onnx.fuse.Pattern.op;
import static dev.hone.onnx.fuse.Pattern.weight;

import dev.hone.onnx.graph.Length;
import dev.hone.onnx.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A bias and the Gelu behind it in one pass over memory: {@code gelu(x + b)} becomes {@code
 * BiasGelu(x, b)}, or {@code FastGelu(x, b)} for the approximation. The bias must be as long as the
 * last axis of {@code x}.
 */
final class BiasGeluFusion {
  private static final Pattern BIASED = op("Add", any("x"), weight("bias", 1));

  private BiasGeluFusion() {}

  static void apply(Context context) {
    boolean changed = false;
    for (Node gelu : List.copyOf(context.graph().nodes())) {
      String form = form(gelu, context);
      Match match = form == null ? null : biased(gelu, context);
      if (form != null && match != null) {
        List<String> inputs = List.of(match.value("x"), match.value("bias"));
        context.put(gelu, Node.of(Context.MICROSOFT, form, inputs, List.of()));
        changed = true;
      }
    }
    if (changed) {
      context.graph().removeDead();
    }
  }

  /** The operator that does the same with a bias, or null if this is no Gelu without one. */
  private static @Nullable String form(Node node, Context context) {
    boolean alone = node.inputs().size() == 1;
    if (alone && node.is(Context.MICROSOFT, "FastGelu")) {
      return "FastGelu";
    }
    if (node.is("Gelu") && node.stringAttribute("approximate", "none").equals("tanh")) {
      return "FastGelu";
    }
    boolean exact = node.is("Gelu") || node.is(Context.MICROSOFT, "Gelu");
    if (!exact) {
      return null;
    }
    return context.options().fastGelu() ? "FastGelu" : "BiasGelu";
  }

  private static @Nullable Match biased(Node gelu, Context context) {
    return BIASED
        .at(gelu.input(0), Match.empty(context))
        .filter(match -> fits(match, context))
        .filter(match -> match.covering(gelu).neededElsewhere(gelu) == null)
        .findFirst()
        .orElse(null);
  }

  private static boolean fits(Match match, Context context) {
    List<Length> dims = context.shapes().dims(match.value("x"));
    long length = match.constant("bias").shape().length(0);
    return dims != null && !dims.isEmpty() && dims.get(dims.size() - 1).is(length);
  }
}
