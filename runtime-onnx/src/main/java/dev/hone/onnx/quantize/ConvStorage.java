package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Cast;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Stores the weights of convolutions that compute in floats as signed bytes with one scale for each
 * output channel: {@code w_mi = t_m q_mi}, written as Cast and Mul. ONNX Runtime computes both
 * once, when the session opens, so that runs are as fast as before.
 */
final class ConvStorage {
  /** Below this many weights the nodes and names take what the bytes save. */
  static final int LEAST_WEIGHTS = 1024;

  private final Graph graph;
  private final Map<String, String> stored = new HashMap<>();
  private final Map<String, Double> noise = new HashMap<>();

  ConvStorage(Graph graph) {
    this.graph = graph;
  }

  /** Why a node's weights can be stored in no integers, or null if they can or are not constant. */
  @Nullable String objection(Node conv) {
    TensorData weights = graph.constant(conv.input(1));
    if (weights != null && weights.type() == DataType.FLOAT32) {
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
    if (!stored.containsKey(name)) {
      TensorData weights = graph.constant(name);
      boolean fit =
          weights != null
              && weights.type() == DataType.FLOAT32
              && weights.shape().rank() >= 3
              && weights.shape().elementCount() >= LEAST_WEIGHTS;
      if (weights == null || !fit) {
        return Double.NaN;
      }
      write(name, weights);
    }
    conv.setInput(1, stored.getOrDefault(name, name));
    return noise.getOrDefault(name, Double.NaN);
  }

  private void write(String name, TensorData weights) {
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
    stored.put(name, result);
    noise.put(name, SignalToNoise.decibels(exact, matrix.dequantize()));
  }
}
