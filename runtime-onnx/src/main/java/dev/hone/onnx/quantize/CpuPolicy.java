package dev.hone.onnx.quantize;

import dev.hone.onnx.quantize.CpuFeatures.Answer;
import java.util.Map;

/**
 * What a processor asks of quantized models.
 *
 * <p>A model with unsigned activations and signed eight-bit weights is exact on processors with
 * VNNI and on ARM, and silently wrong where pairs of products saturate at 16 bits. There, ONNX
 * Runtime can rewrite the weights at load so that nothing saturates, which costs about a seventh of
 * the speed. The option does nothing on VNNI processors in ONNX Runtime up to 1.24, so it is also
 * set where the features are not known: never a silent saturation.
 *
 * @param features what is known of the processor
 */
public record CpuPolicy(CpuFeatures features) {
  private static final String EXACT_PRODUCTS = "session.x64quantprecision";

  /** The policy for the machine that this runs on. */
  public static CpuPolicy here() {
    return new CpuPolicy(CpuFeatures.here());
  }

  /** Configuration entries that a session of a quantized model needs on this processor. */
  public Map<String, String> sessionConfiguration() {
    return features.saturates() == Answer.NO ? Map.of() : Map.of(EXACT_PRODUCTS, "1");
  }

  /**
   * The grid of eight-bit weights that are exact on this processor with no configuration at all:
   * for models that other programs will load.
   */
  public Grid portableWeights() {
    return features.saturates() == Answer.NO ? Grid.INT8_SYMMETRIC : Grid.INT8_REDUCED;
  }

  /** One sentence for the report. */
  public String explanation() {
    return switch (features.saturates()) {
      case NO -> "Products of bytes are exact on this processor (" + features.summary() + ").";
      case YES ->
          "This processor ("
              + features.summary()
              + ") adds pairs of products in 16 bits: sessions set "
              + EXACT_PRODUCTS
              + "=1, which keeps results exact and costs some speed.";
      case UNKNOWN ->
          "Whether products of bytes are exact on this processor is not known ("
              + features.summary()
              + "): sessions set "
              + EXACT_PRODUCTS
              + "=1 to be safe.";
    };
  }
}
