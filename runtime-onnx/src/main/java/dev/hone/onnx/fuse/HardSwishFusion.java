package dev.hone.onnx.fuse;

import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Finds hard swish and hard sigmoid (Howard et al., Searching for MobileNetV3, 2019) in their
 * pieces. With {@code c = Clip(x + b, 0, m)}, m and b greater than 0,
 *
 * <pre>
 *   c / m          becomes   HardSigmoid(x)         with alpha = 1 / m, beta = b / m
 *   (x c) / m      becomes   x · HardSigmoid(x)
 * </pre>
 *
 * where a Mul with {@code 1 / m} does for the division as well. Four passes over memory become two.
 * HardSigmoid clips {@code alpha x + beta} to 0 and 1, which is c / m up to rounding: results are
 * off by a few units in the last place of x.
 */
public final class HardSwishFusion {
  private HardSwishFusion() {}

  /** What is clipped: {@code Clip(value + shift, 0, top)}. */
  private record Clipped(Node add, Node clip, String value, float shift, float top) {}

  /**
   * Fuses wherever the pieces have no other use.
   *
   * @return how many were found
   */
  public static int apply(ModelData model) {
    Graph graph = model.graph();
    int fused = 0;
    for (Node node : List.copyOf(graph.nodes())) {
      if (fuse(graph, node)) {
        fused++;
      }
    }
    if (fused > 0) {
      graph.removeDead();
    }
    return fused;
  }

  private static boolean fuse(Graph graph, Node last) {
    float divisor = divisor(graph, last);
    if (Float.isNaN(divisor)) {
      return false;
    }
    Node inner = producerUsedOnce(graph, last.input(constantSecond(graph, last) ? 0 : 1));
    if (inner == null) {
      return false;
    }
    if (inner.is("Clip")) {
      Clipped clipped = clipped(graph, inner);
      return clipped != null && replace(graph, last, clipped, divisor, null);
    }
    for (int i = 0; i < 2 && inner.is("Mul"); i++) {
      Node clip = producerUsedOnce(graph, inner.input(i));
      Clipped clipped = clip == null ? null : clipped(graph, clip);
      if (clipped != null && clipped.value.equals(inner.input(1 - i))) {
        return replace(graph, last, clipped, divisor, inner);
      }
    }
    return false;
  }

  private static boolean replace(
      Graph graph, Node last, Clipped clipped, float divisor, @Nullable Node product) {
    if (Math.abs(divisor - clipped.top) > 1e-6f * clipped.top) {
      return false;
    }
    String output = last.output(0);
    String sigmoid = product == null ? output : graph.uniqueName(output + "_hardsigmoid");
    Node hardSigmoid =
        Node.of(
            "HardSigmoid",
            List.of(clipped.value),
            List.of(sigmoid),
            Attribute.of("alpha", (float) (1 / (double) clipped.top)),
            Attribute.of("beta", (float) ((double) clipped.shift / clipped.top)));
    if (product == null) {
      graph.replace(last, hardSigmoid);
    } else {
      List<String> factors = List.of(clipped.value, sigmoid);
      graph.replace(last, hardSigmoid, Node.of("Mul", factors, List.of(output)));
      graph.remove(product);
    }
    graph.remove(List.of(clipped.add, clipped.clip));
    return true;
  }

  /** What a node divides by, or NaN if it is no division by a constant. */
  private static float divisor(Graph graph, Node node) {
    if (node.is("Div")) {
      return scalar(graph, node.input(1));
    }
    if (node.is("Mul")) {
      return 1 / scalar(graph, node.input(constantSecond(graph, node) ? 1 : 0));
    }
    return Float.NaN;
  }

  private static boolean constantSecond(Graph graph, Node node) {
    return graph.constant(node.input(1)) != null;
  }

  private static @Nullable Clipped clipped(Graph graph, Node clip) {
    Node add = clip.is("Clip") ? producerUsedOnce(graph, clip.input(0)) : null;
    if (add == null || !add.is("Add")) {
      return null;
    }
    boolean second = constantSecond(graph, add);
    float shift = scalar(graph, add.input(second ? 1 : 0));
    float top = scalar(graph, clip.input(2));
    boolean fromZero = scalar(graph, clip.input(1)) == 0;
    String value = add.input(second ? 0 : 1);
    return fromZero && shift > 0 && top > 0 ? new Clipped(add, clip, value, shift, top) : null;
  }

  private static @Nullable Node producerUsedOnce(Graph graph, String value) {
    return graph.useCount(value) == 1 && !graph.isOutput(value) ? graph.producer(value) : null;
  }

  /** One constant number, or NaN. A tensor of more dimensions could add some to the result. */
  private static float scalar(Graph graph, String value) {
    TensorData constant = graph.constant(value);
    boolean plain = constant != null && constant.shape().rank() <= 1;
    return plain ? Constants.scalarFloat(constant) : Float.NaN;
  }
}
