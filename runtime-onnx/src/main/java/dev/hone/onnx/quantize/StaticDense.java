package dev.hone.onnx.quantize;

import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.calibrate.ValueStatistics;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
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
  private final DensePlan plan;

  /** How much the pass may spend on being close to the floats. */
  public enum Fidelity {
    /** Only what costs next to no time at all. */
    FAST,
    /** Also a Mul where it lowers the error by a good deal. */
    CLOSE
  }

  private StaticDense(ModelData model, Calibration calibration, DensePlan plan) {
    this.graph = model.graph();
    this.calibration = calibration;
    this.plan = plan;
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
    DensePlan plan =
        DensePlan.of(model.graph(), calibration, excludedNodes, fidelity, leastWeights);
    plan.groups().forEach(new StaticDense(model, calibration, plan)::quantize);
    if (!plan.groups().isEmpty()) {
      model.importOpset("com.microsoft", 1);
      model.graph().removeDead();
    }
    return plan.choices();
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
    Graph draft = model.copy().graph();
    List<NodeError> errors = new ArrayList<>();
    for (DenseGroup group :
        DensePlan.of(draft, calibration, Set.of(), fidelity, LEAST_WEIGHTS).groups()) {
      for (DenseNode dense : group.nodes()) {
        double decibels = outputDecibels(group, dense);
        if (!Double.isNaN(decibels)) {
          errors.add(new NodeError(dense.label(), decibels));
        }
      }
    }
    errors.sort(Comparator.comparingDouble(NodeError::decibels));
    return errors;
  }

  /**
   * How far the noise of a product's outputs is expected to lie below them, if channels are
   * independent; NaN where the channels of the input are not known.
   */
  private static double outputDecibels(DenseGroup group, DenseNode dense) {
    if (!group.input().knowsChannels()) {
      return Double.NaN;
    }
    DenseNoise noise = new DenseNoise(group.input(), List.of(dense.matrix()));
    return 10 * Math.log10(noise.signal() / noise.of(group.divisors()));
  }

  private void quantize(DenseGroup group) {
    Node first = group.first(graph);
    String value =
        group.multiplies() ? writer.divide(group.value(), group.divisors(), first) : group.value();
    Affine affine = group.input().affine(group.divisors());
    DenseWriter.Quantized integers = writer.quantizeInput(value, affine, first);
    CompensatedRounding compensated = compensatedRounding(group);
    for (DenseNode dense : group.nodes()) {
      double outputDb = outputDecibels(group, dense);
      float[] weights = group.scaledMatrix(dense);
      float[] bias = dense.biasRow();
      float[] divisors = plan.columnDivisors(dense.node());
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
      double weightDb = SignalToNoise.decibels(weights, matrix.dequantize());
      plan.choose(dense, group.note(), weightDb, outputDb);
    }
  }

  /** Null where it is not known how the channels of the input go together. */
  private @Nullable CompensatedRounding compensatedRounding(DenseGroup group) {
    ValueStatistics seen = calibration.of(group.value());
    return seen.hasGram() && group.input().knowsChannels() && !plan.isUnfolded(group.value())
        ? CompensatedRounding.of(seen.gram(), group.divisors())
        : null;
  }

  private static QuantizedMatrix round(
      float[] weights, int columns, @Nullable CompensatedRounding compensated) {
    return compensated == null
        ? ChannelQuantizer.symmetric(weights, columns, Granularity.COLUMN, Grid.INT8_SYMMETRIC)
        : compensated.quantize(weights, columns, Grid.INT8_SYMMETRIC);
  }
}
