package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.ModelData;

/**
 * Rewrites what a transformer is made of into the fused operators of ONNX Runtime, which its own
 * optimizer does not find in today's exports:
 *
 * <ol>
 *   <li>{@code Conv} with what is affine in each channel behind it folded in ({@link
 *       BatchNormFold}), {@code HardSigmoid}, also of hard swish, from its pieces,
 *   <li>{@code LayerNormalization} and {@code Gelu} from their pieces,
 *   <li>{@code Attention} with merged projections, or {@code MultiHeadAttention},
 *   <li>{@code SkipLayerNormalization}, with the bias before it, and {@code BiasGelu},
 *   <li>on request {@code EmbedLayerNormalization}.
 * </ol>
 *
 * <p>What is not recognized, and what is needed in other places too, stays as it is and is told in
 * the report. Subgraphs are not looked into. The answers of a model change by rounding only.
 */
public final class Fusions {
  private Fusions() {}

  /** Fuses with exact formulas, in place; the model should have gone through constant lifting. */
  public static FusionReport apply(ModelData model) {
    return apply(model, FusionOptions.EXACT);
  }

  /** Fuses in place; the model should have gone through constant lifting. */
  public static FusionReport apply(ModelData model, FusionOptions options) {
    int folded = BatchNormFold.apply(model);
    int sigmoids = HardSwishFusion.apply(model);
    Context context = new Context(model, options);
    context.report().fused("Conv with BatchNormalization", folded);
    context.report().fused("HardSigmoid", sigmoids);
    LayerNormFusion.apply(context);
    GeluFusion.apply(context);
    AttentionFusion.apply(context);
    SkipLayerNormFusion.apply(context);
    BiasGeluFusion.apply(context);
    if (options.embedLayerNorm()) {
      EmbedLayerNormFusion.apply(context);
    }
    return context.report().build();
  }
}
