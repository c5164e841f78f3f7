package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import org.jspecify.annotations.Nullable;

/**
 * A node before a value that can divide the value's channels at no cost, because it ends in a
 * constant for each of them. A ReLU between is passed through: {@code max(0, v)/s = max(0, v/s)}.
 *
 * <ul>
 *   <li>LayerNormalization and SkipLayerNormalization: {@code γ/s} and {@code β/s}.
 *   <li>A product: its columns and bias divided by s. Columns have scales of their own, so its
 *       integers stay the same and only the scales change.
 *   <li>Attention: its output is linear in the values, so the columns that make the values.
 * </ul>
 *
 * Only where nobody but the products at hand reads the value.
 */
final class Absorber {
  private final Node node;
  private final int firstColumn;

  private Absorber(Node node, int firstColumn) {
    this.node = node;
    this.firstColumn = firstColumn;
  }

  /** The node that can divide this value, or null; {@code users} read the value once each. */
  static @Nullable Absorber of(Graph graph, String value, int users) {
    Node producer = graph.producer(value);
    if (producer == null || graph.isOutput(value) || graph.useCount(value) != users) {
      return null;
    }
    if (producer.is("Relu")) {
      return of(graph, producer.input(0), 1);
    }
    boolean first = producer.output(0).equals(value);
    if (first && isNormalization(producer)) {
      int gamma = gammaIndex(producer);
      return isRow(graph, producer.input(gamma))
              && (!producer.hasInput(gamma + 1) || isRow(graph, producer.input(gamma + 1)))
          ? new Absorber(producer, 0)
          : null;
    }
    DenseNode dense = DenseNode.producing(graph, value);
    if (dense == null) {
      return null;
    }
    boolean attention = dense.kind() == DenseNode.Kind.ATTENTION;
    int values = attention ? (int) dense.attentionSizes()[2] : dense.outputs();
    return new Absorber(dense.node(), dense.outputs() - values);
  }

  private static boolean isNormalization(Node node) {
    return node.is("LayerNormalization")
        || node.is(DenseWriter.MICROSOFT, "SkipLayerNormalization");
  }

  private static int gammaIndex(Node normalization) {
    return normalization.is("LayerNormalization") ? 1 : 2;
  }

  private static boolean isRow(Graph graph, String value) {
    TensorData row = graph.constant(value);
    return row != null && row.type() == DataType.FLOAT32 && row.shape().rank() == 1;
  }

  /** The product whose columns are to be divided, or null if it is a normalization. */
  @Nullable Node product() {
    return isNormalization(node) ? null : node;
  }

  /** Divisors for all columns of a product, from those of the value. */
  float[] ofColumns(float[] divisors) {
    float[] all = DenseNoise.ones(firstColumn + divisors.length);
    System.arraycopy(divisors, 0, all, firstColumn, divisors.length);
    return all;
  }

  /** Divides what a normalization gives. */
  void divideNormalization(Graph graph, float[] divisors) {
    int gamma = gammaIndex(node);
    for (int index = gamma; index <= gamma + 1; index++) {
      TensorData row = graph.constant(node.input(index));
      if (node.hasInput(index) && row != null) {
        float[] values = row.toFloats();
        for (int i = 0; i < values.length; i++) {
          values[i] /= divisors[i];
        }
        String name = row.name() + "_smoothed";
        node.setInput(
            index,
            graph.addInitializer(name, TensorData.ofFloats(name, Shape.of(values.length), values)));
      }
    }
  }
}
