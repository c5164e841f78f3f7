package dev.hone.onnx.fuse;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Folds what follows a convolution and is affine in each channel into its weights and bias: batch
 * normalization, and Add, Sub, Mul and Div with a constant for each channel.
 *
 * <p><b>Derivation.</b> Channel c of a convolution's output, plain or transposed, is {@code y_c =
 * Σ_i w_ci x_i + b_c}, where i runs over the taps of the kernel and padding only adds taps with
 * {@code x_i = 0}. An affine map {@code z_c = k_c y_c + d_c} after it gives
 *
 * <pre>
 *   z_c = Σ_i (k_c w_ci) x_i + (k_c b_c + d_c)
 * </pre>
 *
 * which is the convolution with weights {@code w'_ci = k_c w_ci} and bias {@code b'_c = k_c b_c +
 * d_c}: the same at borders, for every stride, dilation and group. Batch normalization with scale
 * γ, shift β, mean μ, variance σ² is (Ioffe and Szegedy, 2015, at inference)
 *
 * <pre>
 *   z_c = γ_c (y_c - μ_c) / √(σ²_c + ε) + β_c
 *   k_c = γ_c / √(σ²_c + ε)                      d_c = β_c - k_c μ_c
 * </pre>
 *
 * <p><b>Error.</b> k, d and the products are computed in double precision and rounded once, so each
 * weight and bias is off by at most half a unit in the last place for each folded operator.
 *
 * <p>Weights may be initializers or {@code Constant} nodes and may be shared: a folded convolution
 * gets weights of its own. A convolution whose output is used elsewhere, too, is left alone, and so
 * is one with weights or parameters that are not constant 32-bit floats.
 */
public final class BatchNormFold {
  private BatchNormFold() {}

  /** What a channel's values are multiplied with, and what is added then. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Affine(double[] scale, double[] shift) {
    boolean isFinite() {
      for (int c = 0; c < scale.length; c++) {
        if (!Double.isFinite(scale[c]) || !Double.isFinite(shift[c])) {
          return false;
        }
      }
      return true;
    }
  }

  /**
   * Folds wherever it can be done in the main graph.
   *
   * @return how many operators went into convolutions
   */
  public static int apply(ModelData model) {
    Graph graph = model.graph();
    int folded = 0;
    for (Node node : List.copyOf(graph.nodes())) {
      if (node.is("Conv") || node.is("ConvTranspose")) {
        while (foldNext(graph, node)) {
          folded++;
        }
      }
    }
    if (folded > 0) {
      graph.removeDead();
    }
    return folded;
  }

  private static boolean foldNext(Graph graph, Node conv) {
    String output = conv.output(0);
    TensorData weights = floats(graph.constant(conv.input(1)));
    TensorData bias = conv.hasInput(2) ? floats(graph.constant(conv.input(2))) : null;
    boolean hiddenBias = conv.hasInput(2) && bias == null;
    if (weights == null || weights.shape().rank() < 3 || hiddenBias) {
      return false;
    }
    if (graph.useCount(output) != 1 || graph.isOutput(output)) {
      return false;
    }
    Channels channels = Channels.of(conv, weights);
    Node next = graph.consumers(output).get(0);
    Affine affine = affine(graph, next, output, channels);
    if (affine == null || !affine.isFinite()) {
      return false;
    }
    fold(graph, conv, weights, bias, channels, affine);
    conv.setOutput(0, next.output(0));
    graph.remove(next);
    return true;
  }

  private static void fold(
      Graph graph,
      Node conv,
      TensorData weights,
      @Nullable TensorData bias,
      Channels channels,
      Affine affine) {
    ByteBuffer scaled = Constants.copyOf(weights);
    FloatBuffer values = scaled.asFloatBuffer();
    for (int i = 0; i < values.limit(); i++) {
      values.put(i, (float) (values.get(i) * affine.scale[channels.of(i)]));
    }
    float[] before = bias == null ? new float[channels.count()] : bias.toFloats();
    float[] after = new float[channels.count()];
    for (int c = 0; c < after.length; c++) {
      after[c] = (float) (affine.scale[c] * before[c] + affine.shift[c]);
    }
    TensorData folded = TensorData.of("", DataType.FLOAT32, weights.shape(), scaled);
    conv.setInput(1, graph.addInitializer(conv.input(1) + "_folded", folded));
    TensorData shifted = TensorData.ofFloats("", Shape.of(after.length), after);
    String name = bias == null ? conv.input(1) + "_bias" : conv.input(2) + "_folded";
    conv.setInput(2, graph.addInitializer(name, shifted));
  }

  /** What a node does to each channel of a value, or null if it is not affine or not constant. */
  private static @Nullable Affine affine(Graph graph, Node node, String value, Channels channels) {
    if (node.is("BatchNormalization")) {
      return normalization(graph, node, value, channels.count());
    }
    if (!node.domain().isEmpty() || node.inputs().size() != 2) {
      return null;
    }
    boolean first = node.input(0).equals(value);
    double[] operand = operand(graph, node.input(first ? 1 : 0), channels);
    if (operand == null) {
      return null;
    }
    return switch (node.op()) {
      case "Add" -> affine(channels, operand, (o, c) -> 1, (o, c) -> o[c]);
      case "Mul" -> affine(channels, operand, (o, c) -> o[c], (o, c) -> 0);
      case "Sub" ->
          affine(channels, operand, (o, c) -> first ? 1 : -1, (o, c) -> first ? -o[c] : o[c]);
      case "Div" -> first ? affine(channels, operand, (o, c) -> 1 / o[c], (o, c) -> 0) : null;
      default -> null;
    };
  }

  private interface PerChannel {
    double of(double[] operand, int channel);
  }

  private static Affine affine(
      Channels channels, double[] operand, PerChannel scale, PerChannel shift) {
    double[] scales = new double[channels.count()];
    double[] shifts = new double[channels.count()];
    for (int c = 0; c < scales.length; c++) {
      scales[c] = scale.of(operand, c);
      shifts[c] = shift.of(operand, c);
    }
    return new Affine(scales, shifts);
  }

  private static @Nullable Affine normalization(Graph graph, Node node, String value, int count) {
    boolean training = node.longAttribute("training_mode", 0) != 0;
    boolean perElement = node.longAttribute("spatial", 1) == 0;
    boolean statistics = node.outputs().stream().skip(1).anyMatch(o -> graph.useCount(o) > 0);
    if (training || perElement || statistics || !node.input(0).equals(value)) {
      return null;
    }
    float[][] parameters = new float[4][];
    for (int i = 0; i < parameters.length; i++) {
      TensorData parameter = floats(graph.constant(node.input(1 + i)));
      if (parameter == null || parameter.shape().elementCount() != count) {
        return null;
      }
      parameters[i] = parameter.toFloats();
    }
    float epsilon = node.floatAttribute("epsilon", 1e-5f);
    double[] scale = new double[count];
    double[] shift = new double[count];
    for (int c = 0; c < count; c++) {
      scale[c] = parameters[0][c] / Math.sqrt((double) parameters[3][c] + epsilon);
      shift[c] = parameters[1][c] - scale[c] * parameters[2][c];
    }
    return new Affine(scale, shift);
  }

  /** A constant that has one value for each channel, or one for all; spread out to the channels. */
  private static double @Nullable [] operand(Graph graph, String value, Channels channels) {
    TensorData constant = floats(ConstantShapes.resolve(graph, value));
    if (constant == null || !channels.alignsWith(constant.shape())) {
      return null;
    }
    float[] values = constant.toFloats();
    double[] spread = new double[channels.count()];
    for (int c = 0; c < spread.length; c++) {
      spread[c] = values[values.length == 1 ? 0 : c];
    }
    return spread;
  }

  private static @Nullable TensorData floats(@Nullable TensorData tensor) {
    return tensor == null || tensor.type() != DataType.FLOAT32 ? null : tensor;
  }
}
