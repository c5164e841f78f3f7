package dev.hone.onnx.fuse;

/**
 * What fusions may do beyond what keeps a model's numbers.
 *
 * @param fastGelu compute Gelu by its formula with tanh, which moves its values by at most 5e-4 and
 *     is faster, instead of the exact one with erf
 * @param embedLayerNorm make one node of the sum of embeddings and its normalization; its tables
 *     cannot be quantized by rows afterwards
 */
public record FusionOptions(boolean fastGelu, boolean embedLayerNorm) {
  /** Exact formulas, embeddings as they are. */
  public static final FusionOptions EXACT = new FusionOptions(false, false);

  /** The same with or without the faster Gelu. */
  public FusionOptions withFastGelu(boolean fast) {
    return new FusionOptions(fast, embedLayerNorm);
  }

  /** The same with or without fused embeddings. */
  public FusionOptions withEmbedLayerNorm(boolean fused) {
    return new FusionOptions(fastGelu, fused);
  }
}
