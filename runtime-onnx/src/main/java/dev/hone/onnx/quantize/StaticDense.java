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
import java.util.Locale;
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
 *
 * <p><b>Loud channels.</b> A few channels that reach far beyond the others widen s for all. Before
 * the integers are made, neurons are spread over columns ({@link Unfolding}) and channels divided
 * ({@link Smoothing}): for nothing where the node before can do it ({@link Absorber}), else, where
 * the error falls by more than {@value #LEAST_GAIN}, with a Mul.
 *
 * <p><b>Weights.</b> Where the calibration data tell how the channels of an input go together, the
 * errors of the weights make up for each other: {@link CompensatedRounding}.
 */
public final class StaticDense {
  /**
   * Matrices with fewer weights stay as they are: making the integers costs more than it saves. 128
   * x 128 breaks even at eight rows (measured, one thread, AVX-512 VNNI); 256 x 256 is faster from
   * one row on.
   */
  public static final int LEAST_WEIGHTS = 128 * 128;

  /** The least factor by which a Mul must lower the mean square error to be worth its time. */
  static final double LEAST_GAIN = 1.5;

  private final Graph graph;
  private final Calibration calibration;
  private final DenseWriter writer;
  private final Fidelity fidelity;
  private final int leastWeights;
  private final Map<Node, NodeChoice> choices = new LinkedHashMap<>();
  private final Map<String, DenseInput> unfolded = new LinkedHashMap<>();
  private final Map<Node, float[]> columnDivisors = new LinkedHashMap<>();

  /** How much the pass may spend on being close to the floats. */
  public enum Fidelity {
    /** Only what costs next to no time at all. */
    FAST,
    /** Also a Mul where it lowers the error by a good deal. */
    CLOSE
  }

  private StaticDense(
      ModelData model, Calibration calibration, Fidelity fidelity, int leastWeights) {
    this.graph = model.graph();
    this.calibration = calibration;
    this.fidelity = fidelity;
    this.leastWeights = leastWeights;
    this.writer = new DenseWriter(graph, model.opset());
  }

  /** The names of the values whose statistics {@link #apply} wants, in the order of the graph. */
  public static Set<String> valuesToCalibrate(ModelData model) {
    return valuesToCalibrate(model, LEAST_WEIGHTS);
  }

  /**
   * As {@link #valuesToCalibrate(ModelData)}, for products of at least so many weights: those of an
   * {@link #apply} with the same bound.
   */
  public static Set<String> valuesToCalibrate(ModelData model, int leastWeights) {
    Graph graph = model.graph();
    Set<String> values = new LinkedHashSet<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      if (kind != null && DenseEligibility.objection(graph, node, kind, leastWeights) == null) {
        values.add(node.input(0));
      }
    }
    return values;
  }

  /**
   * Those of {@link #valuesToCalibrate(ModelData)} whose Gram matrix {@link #apply} can use. It
   * does without, and loses a little more.
   */
  public static Set<String> gramsToCalibrate(ModelData model) {
    Graph graph = model.graph();
    Set<String> values = new LinkedHashSet<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      if (kind != null
          && DenseEligibility.objection(graph, node, kind, LEAST_WEIGHTS) == null
          && DenseNode.of(graph, node, kind).inner() <= CompensatedRounding.MOST_CHANNELS) {
        values.add(node.input(0));
      }
    }
    return values;
  }

  /** Quantizes what it can, as close to the floats as it can: {@link Fidelity#CLOSE}. */
  public static List<NodeChoice> apply(
      ModelData model, Calibration calibration, Set<String> excludedNodes) {
    return apply(model, calibration, excludedNodes, Fidelity.CLOSE);
  }

  /**
   * Quantizes what it can.
   *
   * @param model the model, which is changed
   * @param calibration statistics of the values of {@link #valuesToCalibrate}; a node whose input
   *     has none is left
   * @param excludedNodes nodes to leave, as {@link NodeChoice#node} calls them
   * @param fidelity what may be spent on being close
   * @return one choice for each matrix product, in the order of the graph
   */
  public static List<NodeChoice> apply(
      ModelData model, Calibration calibration, Set<String> excludedNodes, Fidelity fidelity) {
    return apply(model, calibration, excludedNodes, fidelity, LEAST_WEIGHTS);
  }

  /**
   * As {@link #apply(ModelData, Calibration, Set, Fidelity)}, with another bound for small
   * products.
   *
   * @param leastWeights matrices with fewer weights stay floats
   */
  public static List<NodeChoice> apply(
      ModelData model,
      Calibration calibration,
      Set<String> excludedNodes,
      Fidelity fidelity,
      int leastWeights) {
    StaticDense pass = new StaticDense(model, calibration, fidelity, leastWeights);
    List<DenseGroup> groups = pass.plan(excludedNodes);
    groups.forEach(pass::quantize);
    if (!groups.isEmpty()) {
      model.importOpset("com.microsoft", 1);
      pass.graph.removeDead();
    }
    return List.copyOf(pass.choices.values());
  }

  /**
   * The nodes that {@link #apply} would quantize, the one whose outputs are expected to suffer most
   * first: what to exclude when a model misses a floor. The expectation takes channels as
   * independent and knows nothing of what comes after a node, so it ranks and does not predict.
   *
   * @param model the model, which is not changed
   */
  public static List<NodeError> ranking(
      ModelData model, Calibration calibration, Fidelity fidelity) {
    StaticDense pass = new StaticDense(model.copy(), calibration, fidelity, LEAST_WEIGHTS);
    List<NodeError> errors = new ArrayList<>();
    for (DenseGroup group : pass.plan(Set.of())) {
      for (DenseNode dense : group.nodes()) {
        if (group.input().knowsChannels()) {
          DenseNoise noise = new DenseNoise(group.input(), List.of(dense.matrix()));
          double ratio = noise.signal() / noise.of(group.divisors());
          errors.add(new NodeError(dense.label(), 10 * Math.log10(ratio)));
        }
      }
    }
    errors.sort(Comparator.comparingDouble(NodeError::decibels));
    return errors;
  }

  /** What to do with each value; what can be moved between float nodes is moved here. */
  private List<DenseGroup> plan(Set<String> excludedNodes) {
    for (Node node : List.copyOf(graph.nodes())) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      if (kind != null
          && DenseEligibility.objection(graph, node, kind, leastWeights) == null
          && DenseEligibility.objectionOfData(node, calibration, excludedNodes) == null) {
        DenseInput wider = Unfolding.apply(graph, DenseNode.of(graph, node, kind), calibration);
        if (wider != null) {
          unfolded.put(node.input(0), wider);
        }
      }
    }
    List<DenseGroup> groups = new ArrayList<>();
    groups(excludedNodes)
        .forEach(
            (value, nodes) -> {
              DenseInput known = unfolded.get(value);
              int inner = nodes.get(0).inner();
              groups.add(
                  new DenseGroup(
                      nodes, known != null ? known : DenseInput.of(calibration.of(value), inner)));
            });
    groups.forEach(this::smooth);
    return groups;
  }

  private void smooth(DenseGroup group) {
    if (unfolded.containsKey(group.value())) {
      group.remark("; loud neurons spread over several columns");
      return;
    }
    if (!group.input().knowsChannels()) {
      return;
    }
    List<float[]> matrices = group.nodes().stream().map(DenseNode::matrix).toList();
    Smoothing.Found found =
        Smoothing.search(group.input(), new DenseNoise(group.input(), matrices));
    Absorber absorber = Absorber.of(graph, group.value(), group.nodes().size());
    String gain = String.format(Locale.ROOT, "; %.1f times less error by ", found.gain());
    if (absorber != null && found.gain() > 1) {
      absorb(absorber, found.divisors());
      group.divide(found.divisors(), false, gain + "dividing loud channels in the node before");
    } else if (fidelity == Fidelity.CLOSE && found.gain() > LEAST_GAIN) {
      group.divide(found.divisors(), true, gain + "dividing loud channels");
    }
  }

  private void absorb(Absorber absorber, float[] divisors) {
    Node product = absorber.product();
    if (product == null) {
      absorber.divideNormalization(graph, divisors);
    } else if (willBeInteger(product)) {
      columnDivisors.put(product, absorber.ofColumns(divisors));
    } else {
      divideColumns(product, absorber.ofColumns(divisors));
    }
  }

  private boolean willBeInteger(Node product) {
    NodeChoice choice = choices.get(product);
    return choice != null && choice.form() == NodeChoice.Form.STATIC_INT8;
  }

  /** Divides the columns of a product that stays float. */
  private void divideColumns(Node product, float[] divisors) {
    DenseNode.Kind kind = DenseNode.kindOf(product);
    if (kind == null) {
      throw new IllegalStateException(product.label() + " is no product.");
    }
    DenseNode dense = DenseNode.of(graph, product, kind);
    float[] matrix = dense.matrix();
    float[] bias = dense.biasRow();
    for (int k = 0; k < matrix.length; k++) {
      matrix[k] /= divisors[k % divisors.length];
    }
    dense.putMatrix(graph, matrix, dense.outputs());
    if (bias != null) {
      for (int j = 0; j < bias.length; j++) {
        bias[j] /= divisors[j];
      }
      dense.putBias(graph, bias);
    }
  }

  /** The products to quantize, by their input; the others get their choice here. */
  private Map<String, List<DenseNode>> groups(Set<String> excludedNodes) {
    Map<String, List<DenseNode>> groups = new LinkedHashMap<>();
    for (Node node : graph.nodes()) {
      DenseNode.Kind kind = DenseNode.kindOf(node);
      String objection =
          DenseEligibility.isQuantized(node)
              ? "It is quantized already."
              : kind == null ? null : DenseEligibility.objection(graph, node, kind, leastWeights);
      if (kind != null && objection == null) {
        objection = DenseEligibility.objectionOfData(node, calibration, excludedNodes);
      }
      if (objection != null) {
        choices.put(node, NodeChoice.left(NodeChoice.nameOf(node), node.op(), objection));
      } else if (kind != null) {
        DenseNode dense = DenseNode.of(graph, node, kind);
        choices.put(node, choice(dense, "", Double.NaN)); // keeps the order
        groups.computeIfAbsent(node.input(0), value -> new ArrayList<>()).add(dense);
      }
    }
    return groups;
  }

  private void quantize(DenseGroup group) {
    Node first = group.first(graph);
    String value =
        group.multiplies() ? writer.divide(group.value(), group.divisors(), first) : group.value();
    Affine affine = group.input().affine(group.divisors());
    DenseWriter.Quantized integers = writer.quantizeInput(value, affine, first);
    CompensatedRounding compensated = compensatedRounding(group);
    for (DenseNode dense : group.nodes()) {
      float[] weights = group.scaledMatrix(dense);
      float[] bias = dense.biasRow();
      float[] divisors = columnDivisors.get(dense.node());
      if (divisors != null) {
        for (int k = 0; k < weights.length; k++) {
          weights[k] /= divisors[k % divisors.length];
        }
        for (int j = 0; bias != null && j < bias.length; j++) {
          bias[j] /= divisors[j];
        }
      }
      QuantizedMatrix matrix = round(weights, dense.outputs(), compensated);
      writer.replace(dense, integers, matrix, bias);
      choices.put(
          dense.node(),
          choice(dense, group.note(), SignalToNoise.decibels(weights, matrix.dequantize())));
    }
  }

  /** Null where it is not known how the channels of the input go together. */
  private @Nullable CompensatedRounding compensatedRounding(DenseGroup group) {
    ValueStatistics seen = calibration.of(group.value());
    return seen.hasGram() && group.input().knowsChannels() && !unfolded.containsKey(group.value())
        ? CompensatedRounding.of(seen.gram(), group.divisors())
        : null;
  }

  private static QuantizedMatrix round(
      float[] weights, int columns, @Nullable CompensatedRounding compensated) {
    return compensated == null
        ? ChannelQuantizer.symmetric(weights, columns, Granularity.COLUMN, Grid.INT8_SYMMETRIC)
        : compensated.quantize(weights, columns, Grid.INT8_SYMMETRIC);
  }

  private static NodeChoice choice(DenseNode dense, String note, double decibels) {
    return new NodeChoice(
        dense.label(),
        dense.node().op(),
        NodeChoice.Form.STATIC_INT8,
        "Bytes in with a fixed scale, floats out" + note + ".",
        decibels);
  }
}
