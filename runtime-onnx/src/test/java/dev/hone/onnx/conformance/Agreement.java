package dev.hone.onnx.conformance;

import dev.hone.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Whether a tensor is what a case expects. Type and shape must be equal; integers, booleans and
 * strings too. Floating-point numbers may differ by {@code 1e-7 + 1e-3 * |expected|}, as in ONNX's
 * own test runner; 16-bit ones by a unit in the last place more. What should cancel to zero, in a
 * Fourier transform for example, comes out as a rounding error of the largest number in the tensor:
 * a millionth of that is allowed, too.
 */
final class Agreement {
  private static final double ABSOLUTE = 1e-7;
  private static final double RELATIVE = 1e-3;
  private static final double OF_LARGEST = 1e-6;

  private Agreement() {}

  /** What is wrong with a tensor, or null if nothing. */
  static @Nullable String difference(Tensor expected, @Nullable Tensor actual) {
    String kind = differenceInKind(expected, actual);
    if (kind != null || actual == null) {
      return kind;
    }
    if (expected.type().isFloatingPoint()) {
      return floats(expected.toDoubleArray(), actual.toDoubleArray(), relative(expected));
    }
    return switch (expected.type()) {
      case STRING ->
          different(Arrays.equals(expected.toStringArray(), actual.toStringArray()), "texts");
      default -> different(Arrays.equals(expected.toByteArray(), actual.toByteArray()), "values");
    };
  }

  /** What is wrong with a tensor's type or shape, or null if nothing. */
  static @Nullable String differenceInKind(Tensor expected, @Nullable Tensor actual) {
    if (actual == null) {
      return "is missing";
    }
    boolean same = expected.type() == actual.type() && expected.shape().equals(actual.shape());
    return same ? null : "is " + actual + ", not " + expected;
  }

  private static @Nullable String different(boolean equal, String what) {
    return equal ? null : "has other " + what;
  }

  private static double relative(Tensor tensor) {
    return switch (tensor.type()) {
      case FLOAT16 -> RELATIVE + 0x1p-10;
      case BFLOAT16 -> RELATIVE + 0x1p-7;
      default -> RELATIVE;
    };
  }

  private static @Nullable String floats(double[] expected, double[] actual, double relative) {
    double largest =
        Arrays.stream(expected).map(Math::abs).filter(Double::isFinite).max().orElse(0);
    double absolute = Math.max(ABSOLUTE, OF_LARGEST * largest);
    for (int i = 0; i < expected.length; i++) {
      boolean same = Double.compare(expected[i], actual[i]) == 0; // NaN and infinities too
      boolean near =
          Math.abs(expected[i] - actual[i]) <= absolute + relative * Math.abs(expected[i]);
      if (!same && !near) {
        return "has " + actual[i] + " at " + i + ", not " + expected[i];
      }
    }
    return null;
  }
}
