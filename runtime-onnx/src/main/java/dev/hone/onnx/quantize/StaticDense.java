package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.calibrate.ValueStatistics;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Eight-bit integers for the matrix products of transformers and classifiers, with scales that
 * calibration data fixed: MatMul, Gemm and Attention with constant weights.
 *
 * <p><b>Form.</b> Inputs become unsigned bytes with one scale and zero point for the value, weights
 * signed bytes with one scale for each column:
 *
 * <pre>
 *   xq_i = clamp(round(x_i / s) + z)          W_ij ≈ t_j w_ij
 *   y_j  = s t_j Σ_i (xq_i - z) w_ij + b_j
 * </pre>
 *
 * The sum is exact in 32 bits ({@code 255 · 127 · K} fits for every K below 66 000); outputs are
 * floats again, so nothing is rounded between a product and the normalization, activation or
 * residual that follows, and no range of an output has to be known. Because s and z are constants,
 * the answer for a row does not depend on the rows beside it.
 *
 * <p><b>Error.</b> With the rounding errors of x ({@code <= s/2}) and of W ({@code <= t_j/2})
 * independent and evenly spread, the mean square error of an output is
 *
 * <pre>
 *   E[e_j²] = s²/12 Σ_i W_ij²  +  t_j²/12 Σ_i E[x_i²]
 * </pre>
 *
 * and in the worst case {@code |e_j| <= s/2 Σ|W_ij| + t_j/2 Σ|x_i| + K s t_j / 4} for inputs inside
 * the calibrated range; inputs outside are clipped to it.
 */
public final class StaticDense {
  /** Matrices with fewer weights stay as they are: making the integers costs more than it saves. */
  static final int LEAST_WEIGHTS = 4096;

  /** Beyond this the sum of products may leave 32 bits. */
  static final int MOST_INNER = 66_000;

  private static final Set<String> QUANTIZED =
      Set.of(
          "MatMulInteger",
          "QLinearMatMul",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul",
          "QGemm",
          "QAttention",
          "MatMulNBits");

  private final Graph graph;
  private final Calibration calibration;
  private final DenseWriter writer;
  private final Map<Node, NodeChoice> choices = new LinkedHashMap<>();

  private StaticDense(ModelData model, Calibration calibration) {
    this.graph = model.graph();
    this.calibration = calibration;
    this.writer = new DenseWriter(graph, model.opset() >= 10);
  }

  /** The names of the values whose statistics {@link #apply} wants, in the order of the graph. */
  public static Set<String> valuesToCalibrate(ModelData model) {
    Graph graph = model.graph();
    Set<String> values = new LinkedHashSet<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      if (kind != null && objection(graph, node, kind) == null) {
        values.add(node.input(0));
      }
    }
    return values;
  }

  /**
   * Quantizes what it can.
   *
   * @param model the model, which is changed
   * @param calibration statistics of the values of {@link #valuesToCalibrate}; a node whose input
   *     has none is left
   * @param excludedNodes nodes to leave, as {@link NodeChoice#node} calls them
   * @return one choice for each matrix product, in the order of the graph
   */
  public static List<NodeChoice> apply(
      ModelData model, Calibration calibration, Set<String> excludedNodes) {
    StaticDense pass = new StaticDense(model, calibration);
    Map<String, List<DenseNode>> groups = pass.groups(excludedNodes);
    groups.forEach(pass::quantize);
    if (!groups.isEmpty()) {
      model.importOpset("com.microsoft", 1);
      pass.graph.removeDead();
    }
    return List.copyOf(pass.choices.values());
  }

  /** The products to quantize, by their input; the others get their choice here. */
  private Map<String, List<DenseNode>> groups(Set<String> excludedNodes) {
    Map<String, List<DenseNode>> groups = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      String objection =
          QUANTIZED.contains(node.op())
              ? "It is quantized already."
              : kind == null ? null : objection(graph, node, kind);
      if (kind != null && objection == null) {
        objection = objectionOfData(node, excludedNodes);
      }
      if (objection != null) {
        choices.put(node, NodeChoice.left(DenseNode.label(node), node.op(), objection));
      } else if (kind != null) {
        choices.put(node, NodeChoice.left(DenseNode.label(node), node.op(), "")); // keeps the order
        groups
            .computeIfAbsent(node.input(0), x -> new ArrayList<>())
            .add(DenseNode.of(graph, node, kind));
      }
    }
    return groups;
  }

  private static @Nullable String objection(Graph graph, Node node, DenseNode.Kind kind) {
    String objection = DenseNode.objection(graph, node, kind);
    if (objection != null) {
      return objection;
    }
    Node producer = graph.producer(node.input(0));
    if (producer != null && producer.op().equals("DequantizeLinear")) {
      return "Its input comes from integers: the model is quantized already.";
    }
    DenseNode dense = DenseNode.of(graph, node, kind);
    if ((long) dense.inner() * dense.outputs() < LEAST_WEIGHTS) {
      return "With "
          + dense.inner()
          + " x "
          + dense.outputs()
          + " weights it is too small to gain: at least "
          + LEAST_WEIGHTS
          + " are needed.";
    }
    return dense.inner() > MOST_INNER ? "Its sums could leave 32 bits." : null;
  }

  private @Nullable String objectionOfData(Node node, Set<String> excludedNodes) {
    if (excludedNodes.contains(DenseNode.label(node))) {
      return "It is excluded.";
    }
    if (!calibration.has(node.input(0)) || calibration.of(node.input(0)).count() == 0) {
      return "Its input '" + node.input(0) + "' was not calibrated.";
    }
    ValueStatistics input = calibration.of(node.input(0));
    if (!input.isFinite()) {
      return "Its input was not finite for the calibration data.";
    }
    return input.isConstant() ? "Its input never changed for the calibration data." : null;
  }

  private void quantize(String input, List<DenseNode> group) {
    ValueStatistics seen = calibration.of(input);
    Affine affine = Affine.asymmetric(seen.min(), seen.max(), Grid.UINT8);
    Node first =
        group.stream()
            .map(DenseNode::node)
            .min(Comparator.comparingInt(graph.nodes()::indexOf))
            .orElseThrow();
    DenseWriter.Quantized integers = writer.quantizeInput(input, affine, first);
    for (DenseNode dense : group) {
      float[] weights = dense.matrix();
      QuantizedMatrix matrix =
          ChannelQuantizer.symmetric(
              weights, dense.outputs(), Granularity.COLUMN, Grid.INT8_SYMMETRIC);
      writer.replace(dense, integers, matrix, dense.biasRow());
      choices.put(
          dense.node(),
          new NodeChoice(
              dense.label(),
              dense.node().op(),
              NodeChoice.Form.STATIC_INT8,
              "Bytes in with a fixed scale, floats out.",
              SignalToNoise.decibels(weights, matrix.dequantize())));
    }
  }
}
