package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.onnx.Quantization.Form;
import java.util.ArrayList;
import java.util.List;

/** The forms of a model for texts that are compared. */
final class TextVariants {
  /** The name of the INT8 file that others published. */
  static final String PUBLISHED = "published INT8 file in ONNX Runtime";

  private final TextModel model;
  private final Model fp32;
  private final List<Batch> examples;

  private TextVariants(TextModel model, List<Batch> examples) {
    this.model = model;
    this.fp32 = model.model();
    this.examples = examples;
  }

  /**
   * The list; first of all the FP32 file, which all others are compared with.
   *
   * @param examples inputs to calibrate with
   */
  static List<Variant> of(TextModel model, List<Batch> examples, Effort effort) {
    return new TextVariants(model, examples).list(effort);
  }

  private List<Variant> list(Effort effort) {
    List<Variant> variants = new ArrayList<>();
    variants.add(Variant.base(fp32));
    variants.add(Variant.theirs(PUBLISHED, model.publishedInt8()));
    variants.add(Variant.plain("Hone: FP32 file", fp32));
    variants.add(Variant.fused("Hone: FP32, fused", fp32));
    if (effort != Effort.SMOKE) {
      variants.add(small("int8", "Hone: INT8", Precision.INT8, Form.AUTOMATIC, examples));
      if (model == TextModel.MINILM) {
        addMore(variants, effort);
      } else if (effort == Effort.FULL) {
        variants.add(fastest());
      }
    }
    return variants;
  }

  private void addMore(List<Variant> variants, Effort effort) {
    variants.add(fastest());
    variants.add(
        small("weight-only", "Hone: INT8, weights only", Precision.INT8, Form.WEIGHTS, List.of()));
    if (effort == Effort.FULL) {
      variants.add(
          small("dynamic", "Hone: INT8, dynamic", Precision.INT8, Form.DYNAMIC, List.of()));
      variants.add(small("fp16", "Hone: FP16", Precision.FP16, Form.AUTOMATIC, List.of()));
    }
    variants.add(small("int4", "Hone: INT4", Precision.INT4, Form.AUTOMATIC, examples));
  }

  private Variant fastest() {
    return small("fastest", "Hone: INT8, fastest", Precision.INT8, Form.FASTEST, examples);
  }

  private Variant small(
      String id, String name, Precision precision, Form form, List<Batch> calibration) {
    return Variant.small(id, name, fp32, precision, form, calibration);
  }
}
