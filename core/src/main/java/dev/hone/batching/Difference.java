package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** How far results are apart. */
final class Difference {
  private Difference() {}

  /**
   * The largest difference between two elements, relative to the largest element of the expected
   * tensor; 1 where shapes, integers, infinities or NaNs differ.
   */
  static double of(Batch expected, Batch actual) {
    double worst = 0;
    for (int i = 0; i < expected.size(); i++) {
      worst = Math.max(worst, of(expected.tensor(i), actual.get(expected.name(i))));
    }
    return worst;
  }

  /** The name of an output that has numbers, but no finite one: it tells nothing; or null. */
  static @Nullable String withoutNumbers(Batch results) {
    for (int i = 0; i < results.size(); i++) {
      Tensor result = results.tensor(i);
      boolean hasNumbers = result.type().isFloatingPoint() && result.byteSize() > 0;
      if (hasNumbers && Arrays.stream(result.toDoubleArray()).noneMatch(Double::isFinite)) {
        return results.name(i);
      }
    }
    return null;
  }

  private static double of(Tensor expected, Tensor actual) {
    if (expected.type() != actual.type() || !expected.shape().equals(actual.shape())) {
      return 1;
    }
    if (!expected.type().isFloatingPoint()) {
      return Arrays.equals(expected.toByteArray(), actual.toByteArray()) ? 0 : 1;
    }
    double[] a = expected.toDoubleArray();
    double[] b = actual.toDoubleArray();
    double largest = Double.MIN_NORMAL;
    double difference = 0;
    for (int i = 0; i < a.length; i++) {
      if (Double.compare(a[i], b[i]) == 0) {
        largest = Double.isFinite(a[i]) ? Math.max(largest, Math.abs(a[i])) : largest;
      } else if (!Double.isFinite(a[i]) || !Double.isFinite(b[i])) {
        return 1;
      } else {
        largest = Math.max(largest, Math.abs(a[i]));
        difference = Math.max(difference, Math.abs(a[i] - b[i]));
      }
    }
    return difference / largest;
  }
}
