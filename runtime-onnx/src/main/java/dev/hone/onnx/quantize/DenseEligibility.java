package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.calibrate.ValueStatistics;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What keeps a matrix product from {@link StaticDense}, in words. */
final class DenseEligibility {
  /** Beyond this the sum of products may leave 32 bits. */
  private static final int MOST_INNER = 66_000;

  private static final Set<String> QUANTIZED =
      Set.of(
          "MatMulInteger",
          "QLinearMatMul",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul",
          "QGemm",
          "QAttention",
          "MatMulNBits");

  private DenseEligibility() {}

  /** Whether the node multiplies integers already. */
  static boolean isQuantized(Node node) {
    return QUANTIZED.contains(node.op());
  }

  /**
   * The objection of the graph, or null.
   *
   * @param leastWeights matrices with fewer weights stay floats
   */
  static @Nullable String objection(Graph graph, Node node, DenseNode.Kind kind, int leastWeights) {
    String objection = DenseNode.objection(graph, node, kind);
    if (objection != null) {
      return objection;
    }
    Node producer = graph.producer(node.input(0));
    if (producer != null && producer.op().equals("DequantizeLinear")) {
      return "Its input comes from integers: the model is quantized already.";
    }
    DenseNode dense = DenseNode.of(graph, node, kind);
    if ((long) dense.inner() * dense.outputs() < leastWeights) {
      return "With "
          + dense.inner()
          + " x "
          + dense.outputs()
          + " weights it is too small to gain: at least "
          + leastWeights
          + " are needed.";
    }
    return dense.inner() > MOST_INNER ? "Its sums could leave 32 bits." : null;
  }

  /** The objection of the user or of the data, or null. */
  static @Nullable String objectionOfData(
      Node node, Calibration calibration, Set<String> excludedNodes) {
    if (excludedNodes.contains(NodeChoice.nameOf(node))) {
      return "It is excluded.";
    }
    String value = node.input(0);
    if (!calibration.has(value) || calibration.of(value).count() == 0) {
      return "Its input '" + value + "' was not calibrated.";
    }
    ValueStatistics input = calibration.of(value);
    if (!input.isFinite()) {
      return "Its input was not finite for the calibration data.";
    }
    return input.isConstant() ? "Its input never changed for the calibration data." : null;
  }
}
