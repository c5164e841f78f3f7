package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.ConstantLifting;
import dev.hone.onnx.graph.ModelData;

/** Compares what graphs answer. */
final class Answers {
  private Answers() {}

  /** A copy whose constants are initializers: what fusions are given. */
  static ModelData lifted(ModelData model) {
    ModelData copy = model.copy();
    ConstantLifting.apply(copy);
    return copy;
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
