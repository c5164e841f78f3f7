package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Hard swish, {@code x · clip(alpha x + beta, 0, 1)}, in bytes: reading the bytes of x with alpha
 * times their scale is a product for nothing, an Add whose result is quantized to the range 0 to 1
 * saturates as the clip did, and one Mul follows.
 *
 * <p>The kernels of Add and Mul know one scale for all channels. Rounding x and the result y, whose
 * scales are u and s, then adds {@code (u² + s²) / 12} to each number of y (the slope of hard swish
 * is about 1 where it matters). What that is in a convolution behind it, next to what the
 * convolution computes, decides whether it can be borne: {@link #decibels}.
 *
 * @param sigmoid the HardSigmoid
 * @param node the Mul, which alone uses its result
 */
record SwishUnit(Node sigmoid, Node node) implements Int8Unit {
  // Measured on one core with AVX-512: HardSigmoid and Mul over floats, QLinearAdd and QLinearMul.
  private static final double FLOAT_NANOS = 0.31;
  private static final double INTEGER_NANOS = 0.31;

  @Override
  public @Nullable Node activation() {
    return null;
  }

  @Override
  public List<Node> nodes() {
    return List.of(sigmoid, node);
  }

  /** The value it reads. */
  String input() {
    return sigmoid.input(0);
  }

  @Override
  public List<String> inputs() {
    return List.of(input());
  }

  @Override
  public double floatNanos(double inputs, double output) {
    return FLOAT_NANOS * output;
  }

  @Override
  public double integerNanos(double inputs, double output) {
    return INTEGER_NANOS * output;
  }

  /** The factor inside the clip. */
  float alpha() {
    return sigmoid.floatAttribute("alpha", 0.2f);
  }

  /** The summand inside the clip. */
  float beta() {
    return sigmoid.floatAttribute("beta", 0.5f);
  }

  /** The number at and below which the result is 0. */
  float least() {
    return -beta() / alpha();
  }

  /** The unit that this HardSigmoid begins, or null if it begins none. */
  static @Nullable SwishUnit of(Graph graph, Node sigmoid) {
    String gate = sigmoid.output(0);
    String value = sigmoid.input(0);
    if (graph.useCount(gate) != 1 || graph.isOutput(gate)) {
      return null;
    }
    Node product = graph.consumers(gate).get(0);
    boolean both = product.inputs().equals(List.of(value, gate));
    boolean swapped = product.inputs().equals(List.of(gate, value));
    SwishUnit unit = new SwishUnit(sigmoid, product);
    boolean clips = unit.alpha() > 0 && unit.beta() > 0 && unit.beta() <= 1;
    return product.is("Mul") && (both || swapped) && clips ? unit : null;
  }

  /**
   * How far the noise of rounding lies below the outputs of a convolution that reads the result.
   *
   * @param x the ranges of what is read
   * @param y the ranges of the result
   * @param answer the ranges of the convolution's outputs
   * @return decibels, as {@link NoiseShare} counts them
   */
  double decibels(ChannelRanges x, ChannelRanges y, ConvUnit reader, ChannelRanges answer) {
    double u = ChannelAffine.uniform(x.notBelow(least()).uniform()).scales()[0];
    double s = ChannelAffine.uniform(y.uniform()).scales()[0];
    ConvShape shape = reader.shape();
    float[] signal = answer.forChannels(shape.outputs()).meanSquare();
    float[] weights = reader.weights().toFloats();
    double[] noise = new double[shape.outputs()];
    for (int i = 0; i < weights.length; i++) {
      double square = (double) weights[i] * weights[i];
      noise[i / shape.weightsPerOutput()] += square * (u * u + s * s) / 12;
    }
    return NoiseShare.decibels(noise, signal);
  }
}
