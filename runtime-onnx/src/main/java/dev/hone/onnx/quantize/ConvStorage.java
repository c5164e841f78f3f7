package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stores the weights of convolutions that compute in floats as signed bytes with one scale for each
 * output channel, {@code w_mi = t_m q_mi}, written as Cast and Mul, or as half-precision floats,
 * written as Cast. ONNX Runtime computes both once, when the session opens, so that runs are as
 * fast as before.
 *
 * <p>What rounding takes from output m on average, {@code Σ_i (w_mi - t_m q_mi) E[x_i]}, is known
 * where the means of the input's channels are, and goes into its bias (bias correction, Nagel et
 * al., 2019).
 */
final class ConvStorage {
  /** Below this many weights the nodes and names take what the bytes save. */
  static final int LEAST_WEIGHTS = 1024;

  private final Graph graph;
  private final Form form;
  private final ChannelRanges.Source ranges;
  private final Map<String, Stored> stored = new HashMap<>();

  /**
   * Weights that are stored.
   *
   * @param name the value that restores them
   * @param lost what they lost, added up for each output and input channel, one output after the
   *     other; empty where that is next to nothing
   * @param noise their signal-to-noise ratio
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Stored(String name, float[] lost, double noise) {}

  /**
   * For the convolutions of a graph.
   *
   * @param form {@link Form#WEIGHT_INT8} or {@link Form#HALF_STORAGE}
   * @param ranges those of their inputs, where they are known
   */
  ConvStorage(Graph graph, Form form, ChannelRanges.Source ranges) {
    this.graph = graph;
    this.form = form;
    this.ranges = ranges;
  }

  /** What the weights become. */
  Form form() {
    return form;
  }

  /** Why a node's weights can be stored in no integers, or null if they can or are not constant. */
  @Nullable String objection(Node conv) {
    TensorData weights = graph.constant(conv.input(1));
    if (weights != null && weights.type() == DataType.FLOAT32) {
      if (ConvUnit.isTooLarge(weights)) {
        return "Its weights have 2 GiB or more.";
      }
      for (float weight : weights.toFloats()) {
        if (!Float.isFinite(weight)) {
          return "Its weights hold infinite elements or NaN.";
        }
      }
    }
    return null;
  }

  /**
   * Stores a node's weights, by nodes at the end of the graph: whoever is done sorts it.
   *
   * @return their signal-to-noise ratio, or NaN where they stay
   */
  double store(Node conv) {
    String name = conv.input(1);
    TensorData weights = graph.constant(name);
    boolean fit =
        weights != null
            && weights.type() == DataType.FLOAT32
            && weights.shape().rank() >= 3
            && weights.shape().elementCount() >= LEAST_WEIGHTS
            && (form == Form.WEIGHT_INT8 || Halves.beyond(weights) == 0);
    if (weights == null || !fit) {
      return Double.NaN;
    }
    Stored small =
        stored.computeIfAbsent(
            name, n -> form == Form.HALF_STORAGE ? halves(n, weights) : bytes(n, weights));
    conv.setInput(1, small.name);
    correctBias(conv, ConvShape.of(conv, weights.shape()), small.lost);
    return small.noise;
  }

  private void correctBias(Node conv, ConvShape shape, float[] lost) {
    ChannelRanges input = ranges.of(conv.input(0));
    TensorData bias = conv.hasInput(2) ? graph.constant(conv.input(2)) : null;
    boolean hidden = conv.hasInput(2) && (bias == null || bias.type() != DataType.FLOAT32);
    if (lost.length == 0 || input == null || !input.isFinite() || hidden) {
      return;
    }
    float[] means = input.forChannels(shape.inputs()).mean();
    if (allZero(means)) {
      return;
    }
    float[] corrected = bias == null ? new float[shape.outputs()] : bias.toFloats();
    int inputs = shape.inputsPerGroup();
    for (int output = 0; output < shape.outputs(); output++) {
      double missing = 0;
      for (int i = output * inputs; i < (output + 1) * inputs; i++) {
        missing += lost[i] * (double) means[shape.inputOf(i * shape.taps())];
      }
      corrected[output] += (float) missing;
    }
    TensorData tensor = TensorData.ofFloats("", Shape.of(shape.outputs()), corrected);
    conv.setInput(2, graph.addInitializer(conv.output(0) + "_bias", tensor));
  }

  private static boolean allZero(float[] numbers) {
    for (float number : numbers) {
      if (number != 0) {
        return false;
      }
    }
    return true;
  }

  private Stored halves(String name, TensorData weights) {
    SignalToNoise quality = new SignalToNoise();
    String half = graph.addInitializer(name + "_half", Halves.of(weights, quality));
    String result = graph.uniqueName(name + "_restored");
    graph.add(Cast.of(half, result, DataType.FLOAT32));
    return new Stored(result, new float[0], quality.decibels());
  }

  private Stored bytes(String name, TensorData weights) {
    Shape shape = weights.shape();
    float[] exact = weights.toFloats();
    int taps = exact.length / (int) shape.length(0);
    QuantizedMatrix matrix =
        ChannelQuantizer.symmetric(exact, taps, Granularity.ROW, Grid.INT8_SYMMETRIC);
    long[] perOutput = new long[shape.rank()];
    Arrays.fill(perOutput, 1);
    perOutput[0] = shape.length(0);
    TensorData bytes = TensorData.of("", DataType.INT8, shape, ByteBuffer.wrap(matrix.values()));
    TensorData scales = TensorData.ofFloats("", Shape.of(perOutput), matrix.scales());
    String cast = graph.uniqueName(name + "_integers");
    String result = graph.uniqueName(name + "_restored");
    String quantized = graph.addInitializer(name + "_quantized", bytes);
    graph.add(
        Cast.of(quantized, cast, DataType.FLOAT32),
        Node.of(
            "Mul", List.of(cast, graph.addInitializer(name + "_scale", scales)), List.of(result)));
    float[] rounded = matrix.dequantize();
    int channels = (int) (shape.length(0) * shape.length(1));
    return new Stored(
        result, lost(exact, rounded, channels), SignalToNoise.decibels(exact, rounded));
  }

  private static float[] lost(float[] exact, float[] rounded, int channels) {
    float[] lost = new float[channels];
    int taps = exact.length / channels;
    for (int channel = 0; channel < channels; channel++) {
      double sum = 0;
      for (int i = channel * taps; i < (channel + 1) * taps; i++) {
        sum += exact[i] - (double) rounded[i];
      }
      lost[channel] = (float) sum;
    }
    return lost;
  }
}
