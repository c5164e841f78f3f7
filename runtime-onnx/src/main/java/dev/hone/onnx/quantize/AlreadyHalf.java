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
   * What a model's products compute with.
   *
   * @param half how many are known to multiply half-precision floats
   * @param single how many are known to multiply single-precision floats
   */
  public record Products(int half, int single) {}

  /** Counts the products of a model. */
  public static Products products(ModelData model) {
    Graph graph = model.graph();
    FloatValues values = FloatValues.of(graph);
    int half = 0;
    int single = 0;
    for (Node node : graph.nodes()) {
      if (HalfCompute.isProduct(node)) {
        half += multiplies(node, values::isHalf) ? 1 : 0;
        single += multiplies(node, values::isFloat) ? 1 : 0;
      }
    }
    return new Products(half, single);
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
   * Whether a model stores its weights as half-precision floats, all that are not small, whatever
   * it computes with. One that {@link HalfStorage} made may not, if it left some for another
   * reason.
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
