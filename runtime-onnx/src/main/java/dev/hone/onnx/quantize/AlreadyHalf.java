package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.function.Predicate;

/**
 * Recognizes models that are in half precision already, whoever brought them there. Only the nodes
 * of the model's own graph count, as the passes that lead to half precision change no others.
 */
public final class AlreadyHalf {
  private AlreadyHalf() {}

  /**
   * Whether a model computes with half-precision floats: at least one product is known to, and none
   * is known to compute with single-precision ones.
   */
  public static boolean isComputed(ModelData model) {
    Graph graph = model.graph();
    FloatValues values = FloatValues.of(graph);
    boolean any = false;
    for (Node node : graph.nodes()) {
      if (HalfCompute.isProduct(node)) {
        if (multiplies(node, values::isFloat)) {
          return false;
        }
        any |= multiplies(node, values::isHalf);
      }
    }
    return any;
  }

  private static boolean multiplies(Node product, Predicate<String> ofType) {
    HalfOperator operator = HalfOperator.of(product);
    for (int i = 0; operator != null && i < product.inputs().size(); i++) {
      if (operator.takes(i) && ofType.test(product.input(i))) {
        return true;
      }
    }
    return false;
  }

  /**
   * Whether a model stores its weights as half-precision floats, whatever it computes with: those
   * that {@link HalfStorage} would not leave for being small.
   */
  public static boolean isStored(ModelData model) {
    Graph graph = model.graph();
    boolean any = false;
    for (Node node : graph.nodes()) {
      for (String input : node.inputs()) {
        TensorData weight = graph.constant(input);
        if (weight != null && weight.shape().elementCount() >= HalfStorage.LEAST_ELEMENTS) {
          if (weight.type() == DataType.FLOAT32) {
            return false;
          }
          any |= weight.type() == DataType.FLOAT16;
        }
      }
    }
    return any;
  }
}
