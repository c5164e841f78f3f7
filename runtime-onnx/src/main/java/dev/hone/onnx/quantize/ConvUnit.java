package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A convolution with constant weights.
 *
 * @param node the Conv
 * @param activation the Relu or Clip that alone uses its result, or null
 * @param shape how the weights are laid out
 * @param weights the weights
 * @param bias the bias, or null
 */
record ConvUnit(
    Node node,
    @Nullable Node activation,
    ConvShape shape,
    TensorData weights,
    @Nullable TensorData bias)
    implements Int8Unit {
  // Measured on one core with AVX-512 VNNI, in multiplications or numbers per nanosecond and back.
  private static final double FLOAT_PRODUCTS = 110;
  private static final double FLOAT_DEPTHWISE_PRODUCTS = 70;
  private static final double INTEGER_PRODUCTS = 500;
  private static final double INTEGER_DEPTHWISE_PRODUCTS = 59;
  private static final int LANES = 16;
  private static final double SINGLE_NANOS = 1.4;
  private static final double INTEGER_ROUNDING_NANOS = 0.15;
  private static final double INTEGER_TAP_NANOS = 4;

  /** The value it reads. */
  String input() {
    return node.input(0);
  }

  @Override
  public List<String> inputs() {
    return List.of(input());
  }

  /** The bias, 0 where there is none. */
  float[] biasOrZeros() {
    return bias == null ? new float[shape.outputs()] : bias.toFloats();
  }

  /** Whether each output channel sees one input channel. */
  boolean isDepthwise() {
    return shape.groups() > 1 && shape.inputsPerGroup() == 1;
  }

  @Override
  public double floatNanos(double inputs, double output) {
    double products = output * shape.weightsPerOutput();
    double speed = isDepthwise() ? FLOAT_DEPTHWISE_PRODUCTS : FLOAT_PRODUCTS;
    return products / speed;
  }

  @Override
  public double integerNanos(double inputs, double output) {
    double products = output * shape.weightsPerOutput();
    double rounding = INTEGER_ROUNDING_NANOS * output;
    if (isDepthwise()) {
      // The channels that do not fill a vector are computed one by one.
      double leftOver = (double) (shape.outputs() % LANES) / shape.outputs();
      return products / INTEGER_DEPTHWISE_PRODUCTS + SINGLE_NANOS * leftOver * products + rounding;
    }
    // A kernel of several taps is unrolled first: one copy for each tap and position.
    double copies = shape.taps() == 1 ? 0 : output / shape.outputs() * shape.taps();
    return products / INTEGER_PRODUCTS + rounding + INTEGER_TAP_NANOS * copies;
  }

  /** Whether one array of floats cannot hold them. */
  static boolean isTooLarge(TensorData weights) {
    return weights.byteSize() > Integer.MAX_VALUE;
  }

  /** The unit that begins with this node, or null if its weights are not constant floats. */
  static @Nullable ConvUnit of(Graph graph, Node node) {
    TensorData weights = graph.constant(node.input(1));
    TensorData bias = node.hasInput(2) ? graph.constant(node.input(2)) : null;
    boolean hiddenBias = node.hasInput(2) && (bias == null || bias.type() != DataType.FLOAT32);
    if (weights == null || weights.type() != DataType.FLOAT32 || hiddenBias) {
      return null;
    }
    if (weights.shape().rank() < 3 || weights.byteSize() == 0 || isTooLarge(weights)) {
      return null;
    }
    ConvShape shape = ConvShape.of(node, weights.shape());
    Node activation = Int8Unit.activationOf(graph, node);
    return new ConvUnit(node, activation, shape, weights, bias);
  }
}
