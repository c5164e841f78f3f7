package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Arrays;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a mask is at a position, as a function of its source there. Truth values are 0 and 1. */
final class MaskFunction {
  /** The operators that work at each position for itself, comparisons apart. */
  static final Set<String> ELEMENTWISE =
      Set.of("Sub", "Add", "Mul", "Div", "Neg", "Not", "Where", "And", "Or");

  private final Context context;
  private final String source;

  MaskFunction(Context context, String source) {
    this.context = context;
    this.source = source;
  }

  /** The value where the source is {@code x}; NaN where that is not known. */
  double at(String value, double x) {
    if (value.equals(source)) {
      return x;
    }
    TensorData constant = context.graph().constant(value);
    if (constant != null) {
      return uniform(constant);
    }
    Node node = context.graph().producer(value);
    return node == null ? Double.NaN : at(node, x);
  }

  private double at(Node node, double x) {
    return switch (node.op()) {
      case "Unsqueeze", "Squeeze", "Reshape", "Expand", "Slice", "Identity", "CastLike" ->
          at(node.input(0), x);
      case "Cast" -> cast(node, at(node.input(0), x));
      case "ConstantOfShape" -> filling(node);
      case "Sub" -> at(node.input(0), x) - at(node.input(1), x);
      case "Add" -> at(node.input(0), x) + at(node.input(1), x);
      case "Mul" -> at(node.input(0), x) * at(node.input(1), x);
      case "Div" -> at(node.input(0), x) / at(node.input(1), x);
      case "Neg" -> -at(node.input(0), x);
      case "Not" -> 1 - at(node.input(0), x);
      case "And" -> Math.min(at(node.input(0), x), at(node.input(1), x));
      case "Or" -> Math.max(at(node.input(0), x), at(node.input(1), x));
      case "Where" -> where(node, x);
      default -> Double.NaN;
    };
  }

  private double where(Node node, double x) {
    double condition = at(node.input(0), x);
    if (Double.isNaN(condition)) {
      return Double.NaN;
    }
    return at(node.input(condition != 0 ? 1 : 2), x);
  }

  private static double cast(Node node, double value) {
    boolean toBool = Cast.type(node) == DataType.BOOL;
    return toBool && !Double.isNaN(value) ? (value != 0 ? 1 : 0) : value;
  }

  private static double filling(Node node) {
    Attribute value = node.attribute("value");
    return value == null ? 0 : uniform(value.asTensor());
  }

  /** The number that all elements of a constant are, or NaN. */
  private static double uniform(@Nullable TensorData constant) {
    if (constant == null || constant.byteSize() == 0 || constant.byteSize() > 1 << 20) {
      return Double.NaN;
    }
    double[] elements = elements(constant);
    for (double element : elements) {
      if (element != elements[0]) {
        return Double.NaN;
      }
    }
    return elements.length == 0 ? Double.NaN : elements[0];
  }

  private static double[] elements(TensorData constant) {
    if (constant.type() == DataType.FLOAT32) {
      float[] floats = constant.toFloats();
      double[] wide = new double[floats.length];
      for (int i = 0; i < floats.length; i++) {
        wide[i] = floats[i];
      }
      return wide;
    }
    if (constant.type() == DataType.BOOL) {
      double[] truths = new double[(int) constant.byteSize()];
      for (int i = 0; i < truths.length; i++) {
        truths[i] = constant.bytes().get(i) != 0 ? 1 : 0;
      }
      return truths;
    }
    long[] integers = Constants.integers(constant);
    return integers == null ? new double[0] : Arrays.stream(integers).asDoubleStream().toArray();
  }
}
