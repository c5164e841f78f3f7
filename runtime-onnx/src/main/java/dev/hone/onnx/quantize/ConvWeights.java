package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;

/**
 * Weights and bias of a convolution as integers, with a scale for each channel of its input and of
 * its output moved into them.
 *
 * <p>With input {@code x_c = s_c (q_c - z)} and output to be rounded to {@code p_m = y_m / u_m +
 * v_m}, where u and v are the scales and zero points of its channels and v₀ is the zero point that
 * the kernel adds, the kernel has to compute
 *
 * <pre>
 *   p_m - v₀ = Σ_c (w_mc s_c / u_m) (q_c - z) + (b_m / u_m + v_m - v₀)
 * </pre>
 *
 * a convolution of the integers with weights {@code w'_mc = w_mc s_c / u_m} and bias {@code b'_m}.
 * The weights of output m are rounded to multiples of {@code t_m = max_c |w'_mc| / 127}, the bias
 * to a multiple of t_m, too, which must fit 32 bits with room for the sum. Where it does not (a
 * channel of tiny weights and a large bias), t_m is raised to {@code |b'_m| / 2^30}: next to such a
 * bias the error of the weights is nothing.
 *
 * <p>What rounding the weights takes from an output on average, {@code Σ (w'_mc - t_m integer_mc)
 * E[x_c] / s_c}, is known, and goes into its bias (bias correction, Nagel et al., 2019).
 *
 * @param values the weights, one byte each, in the order of the model
 * @param scales t, for each output channel
 * @param bias the integers of the bias, one for each output channel
 * @param signalToNoiseDb how far the error of the weights lies below them
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record ConvWeights(byte[] values, float[] scales, int[] bias, double signalToNoiseDb) {
  private static final double GREATEST_BIAS = 1L << 30;

  /**
   * Quantizes.
   *
   * @param weights the weights, channel by channel
   * @param bias one number for each output channel
   * @param inputMeans the mean of each input channel
   */
  static ConvWeights of(
      ConvShape shape,
      float[] weights,
      float[] bias,
      float[] inputMeans,
      ChannelAffine input,
      ChannelAffine output) {
    byte[] values = new byte[weights.length];
    float[] scales = new float[shape.outputs()];
    int[] integers = new int[shape.outputs()];
    SignalToNoise noise = new SignalToNoise();
    for (int m = 0; m < shape.outputs(); m++) {
      float[] scaled = scaled(shape, weights, m, input, output.scales()[m]);
      double shift = output.zeroPoints()[m] - output.kernelZeroPoint();
      double scaledBias = bias[m] / (double) output.scales()[m] + shift;
      Affine affine = affine(scaled, Math.abs(scaledBias) / GREATEST_BIAS);
      scales[m] = affine.scale();
      double missing = 0;
      for (int i = 0; i < scaled.length; i++) {
        int index = m * scaled.length + i;
        int integer = affine.quantize(scaled[i]);
        values[index] = (byte) integer;
        float rounded = affine.dequantize(integer);
        noise.add(scaled[i], rounded);
        int channel = shape.inputOf(index);
        missing += (scaled[i] - rounded) * inputMeans[channel] / (double) input.scales()[channel];
      }
      integers[m] = (int) Math.rint((scaledBias + missing) / affine.scale());
    }
    return new ConvWeights(values, scales, integers, noise.decibels());
  }

  private static float[] scaled(
      ConvShape shape, float[] weights, int output, ChannelAffine input, float outputScale) {
    float[] scaled = new float[shape.weightsPerOutput()];
    for (int i = 0; i < scaled.length; i++) {
      int index = output * scaled.length + i;
      ChannelQuantizer.requireFinite(weights[index], index, scaled.length);
      double scale = (double) input.scales()[shape.inputOf(index)] / outputScale;
      scaled[i] = (float) (weights[index] * scale);
    }
    return scaled;
  }

  private static Affine affine(float[] weights, double leastScale) {
    Affine affine = Affine.around0(weights, Grid.INT8_SYMMETRIC);
    return leastScale > affine.scale()
        ? new Affine((float) leastScale, 0, Grid.INT8_SYMMETRIC)
        : affine;
  }

  /** The weights as a tensor. */
  TensorData valuesAs(Shape shape) {
    return TensorData.of("", DataType.INT8, shape, ByteBuffer.wrap(values));
  }

  /** The bias as a tensor. */
  TensorData biasTensor() {
    ByteBuffer bytes = TensorData.littleEndian(bias.length * (long) Integer.BYTES);
    bytes.asIntBuffer().put(bias);
    return TensorData.of("", DataType.INT32, Shape.of(bias.length), bytes);
  }
}
