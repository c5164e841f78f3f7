package dev.hone.onnx.passes;

import dev.hone.Batch;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.fuse.Fusions;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.BlockQuantizer;
import dev.hone.onnx.quantize.BlockQuantizer.Method;
import dev.hone.onnx.quantize.BlockWeights;
import dev.hone.onnx.quantize.DynamicDense;
import dev.hone.onnx.quantize.EmbeddingRows;
import dev.hone.onnx.quantize.HalfCompute;
import dev.hone.onnx.quantize.HalfStorage;
import dev.hone.onnx.quantize.StaticConv;
import dev.hone.onnx.quantize.StaticDense;
import dev.hone.onnx.testing.ModelRuns;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * A pass, and what it promises on the models of {@link Drawing.Kind}.
 *
 * @param name for test reports
 * @param decibels how far below the outputs the error it makes may reach, at least
 * @param agreementDecibels how far below the outputs the difference between an optimized and an
 *     unoptimized session may reach, at least: where inputs are rounded, the last bit of a sum
 *     decides now and then which way
 * @param change the pass
 */
record Pass(String name, double decibels, double agreementDecibels, Change change) {
  /** Changes a model in place. */
  @FunctionalInterface
  interface Change {
    /**
     * Applies the pass.
     *
     * @param sample an input to calibrate with, borrowed
     */
    void apply(ModelData model, Batch sample);
  }

  /** Every pass there is: whoever writes one adds it. */
  static List<Pass> all() {
    return List.of(
        new Pass("nothing", 200, 80, (model, sample) -> {}),
        new Pass("fusions", 80, 80, (model, sample) -> fuse(model)),
        new Pass("embedding rows", 25, 80, (model, s) -> EmbeddingRows.apply(model, Set.of())),
        blocks(BlockQuantizer.INT8, 25),
        blocks(BlockQuantizer.INT4, 6),
        blocks(new BlockQuantizer(Method.ROUND_TO_NEAREST, 8, 16), 25),
        new Pass("dynamic", 18, 30, (model, s) -> DynamicDense.apply(model, Set.of())),
        new Pass("half storage", 50, 80, (model, s) -> HalfStorage.apply(model, Set.of())),
        new Pass("half precision", 40, 40, (model, s) -> HalfCompute.apply(model, Set.of())),
        new Pass(
            "fusions, then half precision",
            40,
            40,
            (model, s) -> {
              fuse(model);
              HalfCompute.apply(model, Set.of());
            }),
        new Pass("static", 15, 30, Pass::makeStatic),
        new Pass(
            "fusions, then static, then embedding rows",
            15,
            30,
            (model, sample) -> {
              fuse(model);
              makeStatic(model, sample);
              EmbeddingRows.apply(model, Set.of());
            }),
        new Pass(
            "fusions, then blocks, then embedding rows",
            18,
            30,
            (model, s) -> {
              fuse(model);
              BlockWeights.apply(model, BlockQuantizer.INT8, Set.of());
              EmbeddingRows.apply(model, Set.of());
            }));
  }

  private static void fuse(ModelData model) {
    Constants.lift(model.graph());
    Fusions.apply(model);
  }

  private static void makeStatic(ModelData model, Batch sample) {
    Constants.lift(model.graph());
    Set<String> values = new LinkedHashSet<>(StaticConv.valuesToCalibrate(model));
    values.addAll(StaticDense.valuesToCalibrate(model));
    if (!values.isEmpty()) {
      Calibration calibration =
          Calibration.collect(model, values, List.of(sample), ModelRuns::opener);
      StaticConv.apply(model, calibration, Set.of());
      StaticDense.apply(model, calibration, Set.of());
    }
  }

  private static Pass blocks(BlockQuantizer quantizer, double decibels) {
    return new Pass(
        quantizer.toString(),
        decibels,
        30,
        (model, s) -> BlockWeights.apply(model, quantizer, Set.of()));
  }

  /** Its name. */
  @Override
  public String toString() {
    return name;
  }
}
