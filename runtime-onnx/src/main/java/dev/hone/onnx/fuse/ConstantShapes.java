package dev.hone.onnx.fuse;

import dev.hone.Shape;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Sees constants through the Reshape that some exporters put behind them. */
final class ConstantShapes {
  private ConstantShapes() {}

  /** The constant that a value is, in its shape after a Reshape to a constant shape, or null. */
  static @Nullable TensorData resolve(Graph graph, String value) {
    TensorData constant = graph.constant(value);
    Node producer = graph.producer(value);
    if (constant != null || producer == null || !producer.is("Reshape")) {
      return constant;
    }
    TensorData before = graph.constant(producer.input(0));
    long[] wanted = Constants.integers(graph.constant(producer.input(1)));
    boolean zeroIsZero = producer.longAttribute("allowzero", 0) != 0;
    if (before == null || before.type() == null || wanted == null || zeroIsZero) {
      return null;
    }
    Shape shape = reshaped(before.shape(), wanted);
    return shape == null ? null : TensorData.of(value, before.type(), shape, before.bytes());
  }

  /** The shape that Reshape gives: 0 keeps a length, -1 takes what is left. */
  private static @Nullable Shape reshaped(Shape before, long[] wanted) {
    long[] lengths = wanted.clone();
    long known = 1;
    int open = -1;
    for (int i = 0; i < lengths.length; i++) {
      if (lengths[i] == 0 && i < before.rank()) {
        lengths[i] = before.length(i);
      }
      if (lengths[i] < 0) {
        open = i;
      } else {
        known *= lengths[i];
      }
    }
    if (open >= 0 && known > 0) {
      lengths[open] = before.elementCount() / known;
      known *= lengths[open];
    }
    boolean whole = Arrays.stream(lengths).allMatch(length -> length >= 0);
    return whole && known == before.elementCount() ? Shape.of(lengths) : null;
  }
}
