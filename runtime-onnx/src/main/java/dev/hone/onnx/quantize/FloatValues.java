package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The element types of a graph's values, as far as they follow from what the model says and from
 * the operators that {@link HalfOperator} knows. A value of no known type is nobody's to change.
 */
final class FloatValues {
  private final Map<String, DataType> types = new HashMap<>();

  private FloatValues() {}

  static FloatValues of(Graph graph) {
    FloatValues values = new FloatValues();
    graph.inputs().forEach(values::put);
    graph.valueInfos().forEach(values::put);
    graph.outputs().forEach(values::put);
    for (TensorData weight : graph.initializers()) {
      values.put(weight.name(), weight.type());
    }
    for (Node node : graph.nodes()) {
      TensorData constant = node.is("Constant") ? graph.constant(node.output(0)) : null;
      if (constant != null) {
        values.put(node.output(0), constant.type());
      }
    }
    int before = -1;
    while (values.types.size() > before) { // a type found late may tell those of nodes before
      before = values.types.size();
      graph.nodes().forEach(values::follow);
    }
    return values;
  }

  /** Whether a value is known to be of single-precision floats. */
  boolean isFloat(String value) {
    return types.get(value) == DataType.FLOAT32;
  }

  /** Whether a value is known to be of half-precision floats. */
  boolean isHalf(String value) {
    return types.get(value) == DataType.FLOAT16;
  }

  private void put(ValueInfo info) {
    put(info.name(), info.type().type());
  }

  private void put(String value, @Nullable DataType type) {
    if (type != null) {
      types.putIfAbsent(value, type);
    }
  }

  private void follow(Node node) {
    HalfOperator operator = HalfOperator.of(node);
    if (operator != null) {
      DataType type = shared(node, operator);
      for (int i = 0; i < node.inputs().size(); i++) {
        if (operator.takes(i) && node.hasInput(i)) {
          put(node.input(i), type); // what nobody knew of it before follows from its user
        }
      }
      for (int i = 0; i < node.outputs().size(); i++) {
        if (operator.gives(i)) {
          put(node.output(i), type);
        }
      }
    } else if (node.domain().isEmpty()) {
      put(node.output(0), ofOther(node));
    }
  }

  /** The type of the inputs that all have the same one. */
  private @Nullable DataType shared(Node node, HalfOperator operator) {
    for (int i = 0; i < node.inputs().size(); i++) {
      DataType type = operator.takes(i) ? types.get(node.input(i)) : null;
      if (type != null) {
        return type;
      }
    }
    return null;
  }

  private static @Nullable DataType ofOther(Node node) {
    return switch (node.op()) {
      case "Cast" -> Cast.type(node);
      case "Shape", "Size", "ArgMax", "ArgMin", "NonZero" -> DataType.INT64;
      case "Equal", "Less", "Greater", "LessOrEqual", "GreaterOrEqual", "Not", "And", "Or" ->
          DataType.BOOL;
      case "ConstantOfShape" -> filledWith(node.attribute("value"));
      default -> null;
    };
  }

  private static @Nullable DataType filledWith(@Nullable Attribute value) {
    if (value == null) {
      return DataType.FLOAT32;
    }
    return value.kind() == Attribute.Kind.TENSOR ? value.asTensor().type() : null;
  }
}
