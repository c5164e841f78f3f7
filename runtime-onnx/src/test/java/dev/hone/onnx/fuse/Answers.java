package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.function.BiFunction;

/** Compares what graphs answer. */
final class Answers {
  /** The difference that fusing may make, absolute, in outputs of size 1. */
  static final double TOLERANCE = 1e-4;

  private Answers() {}

  /** A copy whose constants are initializers: what fusions are given. */
  static ModelData lifted(ModelData model) {
    ModelData copy = model.copy();
    ConstantLifting.apply(copy);
    return copy;
  }

  /**
   * Fails unless the fused model, run as it is and with all optimizations of the runtime, answers
   * as the original does, up to {@link #TOLERANCE}.
   *
   * @param level of optimization that the original is run with
   * @param input inputs of these many rows and columns
   * @param shapes rows and columns to try
   */
  static void assertSame(
      ModelData original,
      Optimization level,
      ModelData fused,
      BiFunction<Integer, Integer, Batch> input,
      int[]... shapes) {
    try (Session reference = ModelRuns.open(original, level);
        Session plain = ModelRuns.open(fused, Optimization.NONE);
        Session all = ModelRuns.open(fused, Optimization.ALL)) {
      for (int[] shape : shapes) {
        try (Batch in = input.apply(shape[0], shape[1]);
            Batch wanted = reference.run(in);
            Batch gotPlain = plain.run(in);
            Batch gotAll = all.run(in)) {
          float[] expected = wanted.tensor(0).toFloatArray();
          assertThat(distance(gotPlain.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
          assertThat(distance(gotAll.tensor(0).toFloatArray(), expected))
              .as(Arrays.toString(shape))
              .isLessThanOrEqualTo(TOLERANCE);
        }
      }
    }
  }

  /** How far two answers are apart at most. */
  static double distance(float[] one, float[] other) {
    if (one.length != other.length) {
      throw new AssertionError(one.length + " numbers against " + other.length);
    }
    double most = 0;
    for (int i = 0; i < one.length; i++) {
      double distance = Math.abs((double) one[i] - other[i]);
      if (Double.isNaN(distance)) {
        throw new AssertionError("NaN at " + i + ": " + one[i] + ", " + other[i]);
      }
      most = Math.max(most, distance);
    }
    return most;
  }
}
