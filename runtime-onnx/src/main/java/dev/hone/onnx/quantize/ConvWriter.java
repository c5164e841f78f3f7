package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Writes QuantizeLinear and DequantizeLinear around convolutions, in the form that ONNX Runtime
 * turns into integer kernels: the input comes out of a DequantizeLinear, the result goes into one
 * QuantizeLinear and nowhere else.
 *
 * <p>A convolution's own scale is always 1: it computes with the integers, and the scales of
 * channels are in the weights ({@link ConvWeights}). So a value has up to two readings of one and
 * the same bytes: with scale 1 for convolutions, with the scale of each channel for everyone else.
 *
 * <p>A value that a convolution makes keeps its name behind the pair, so that whoever used it,
 * float nodes or the caller, still does. A value that a float node makes gets a pair beside it that
 * only convolutions use.
 */
final class ConvWriter {
  private static final int CHANNEL_AXIS = 1;

  /**
   * What ONNX Runtime makes an integer kernel of, together with a DequantizeLinear before and a
   * QuantizeLinear behind it. Such a kernel knows one scale: given one for each channel, the
   * session does not open.
   */
  private static final Set<String> FUSED_BETWEEN =
      Set.of(
          "Add",
          "AveragePool",
          "Concat",
          "GlobalAveragePool",
          "LeakyRelu",
          "Mul",
          "Sigmoid",
          "Softmax",
          "Split",
          "Where");

  private final Graph graph;
  private final Map<String, ChannelAffine> parameters;
  private final Function<String, ChannelRanges> ranges;
  private final Map<String, String> integers = new HashMap<>();
  private final Map<String, String> kernelInputs = new HashMap<>();
  private final Map<Float, String> scales = new HashMap<>();
  private final Map<Integer, String> zeroPoints = new HashMap<>();
  private final Map<Integer, String> sameShapes = new HashMap<>();

  /**
   * A writer.
   *
   * @param parameters what the integers of each value mean, for all inputs and results of units
   * @param ranges those of all inputs of units
   */
  ConvWriter(
      Graph graph, Map<String, ChannelAffine> parameters, Function<String, ChannelRanges> ranges) {
    this.graph = graph;
    this.parameters = parameters;
    this.ranges = ranges;
  }

  /** Rewrites all units; gives the signal-to-noise ratio of the weights of those that have some. */
  Map<Node, Double> write(List<Int8Unit> units) {
    Set<String> made = new HashSet<>();
    units.forEach(unit -> made.add(unit.output()));
    Map<Node, Double> noise = new HashMap<>();
    for (Int8Unit unit : units) {
      for (String input : unit.inputs()) {
        if (!made.contains(input) && !integers.containsKey(input)) {
          quantizeFloats(input);
        }
      }
      if (unit instanceof ConvUnit conv) {
        noise.put(conv.node(), writeWeights(conv));
      }
    }
    units.forEach(this::readBytes);
    units.forEach(this::makeBytes);
    graph.sort();
    return noise;
  }

  private void readBytes(Int8Unit unit) {
    if (unit instanceof SwishUnit swish) {
      readSwish(swish);
      return;
    }
    List<String> inputs = unit.inputs();
    for (int i = 0; i < inputs.size(); i++) {
      unit.node().setInput(i, kernelInput(inputs.get(i)));
    }
  }

  private static Node dequantizer(String bytes, String scale, String zero, String result) {
    return Node.of("DequantizeLinear", List.of(bytes, scale, zero), List.of(result));
  }

  /** A value of a float node becomes bytes, channel by channel. */
  private void quantizeFloats(String value) {
    ChannelAffine affine = affine(value);
    String bytes = bytesOf(value);
    if (affine.isUniform()) {
      String scale = scale(affine.scales()[0]);
      String zero = zeroPoint(affine.kernelZeroPoint());
      graph.add(Node.of("QuantizeLinear", List.of(value, scale, zero), List.of(bytes)));
      return;
    }
    graph.add(
        Node.of(
            "QuantizeLinear",
            List.of(value, channelScales(value, affine), channelZeroPoints(value, affine)),
            List.of(bytes),
            Attribute.of("axis", CHANNEL_AXIS)));
  }

  /** The bytes of a value as a kernel reads them: with scale 1. */
  private String kernelInput(String value) {
    String known = kernelInputs.get(value);
    if (known != null) {
      return known;
    }
    String read = graph.uniqueName(value + "_kernel");
    String zero = zeroPoint(affine(value).kernelZeroPoint());
    graph.add(dequantizer(bytesOf(value), scale(1), zero, read));
    kernelInputs.put(value, read);
    return read;
  }

  private String bytesOf(String value) {
    return integers.computeIfAbsent(value, v -> graph.uniqueName(v + "_quantized"));
  }

  /** Two readings of the same bytes, one of them for the gate, which is a sum that saturates. */
  private void readSwish(SwishUnit swish) {
    String value = swish.input();
    ChannelAffine affine = affine(value);
    String bytes = bytesOf(value);
    String zero = zeroPoint(affine.kernelZeroPoint());
    String plain = graph.uniqueName(value + "_factor");
    String scaled = graph.uniqueName(value + "_scaled");
    String beta = graph.uniqueName(value + "_beta");
    String sum = graph.uniqueName(value + "_sum");
    String gateBytes = graph.uniqueName(value + "_gate_quantized");
    String gate = graph.uniqueName(value + "_gate");
    String gateScale = scale(1f / Grid.UINT8.max());
    String top = zeroPoint(Grid.UINT8.max());
    float scale = affine.scales()[0];
    graph.add(
        dequantizer(bytes, scale(scale), zero, plain),
        dequantizer(bytes, scale(scale * swish.alpha()), zero, scaled),
        dequantizer(top, scale(swish.beta() / Grid.UINT8.max()), zeroPoint(0), beta),
        Node.of("Add", List.of(scaled, beta), List.of(sum)),
        Node.of("QuantizeLinear", List.of(sum, gateScale, zeroPoint(0)), List.of(gateBytes)),
        dequantizer(gateBytes, gateScale, zeroPoint(0), gate));
    graph.remove(swish.sigmoid());
    swish.node().setInputs(List.of(plain, gate));
  }

  /** The result becomes bytes; who needs floats reads them with the scales of the channels. */
  private void makeBytes(Int8Unit unit) {
    String value = unit.output();
    Node activation = unit.activation();
    if (activation != null) {
      graph.remove(activation);
    }
    String raw = graph.uniqueName(value + "_raw");
    unit.node().setOutput(0, raw);
    String bytes = bytesOf(value);
    String zero = zeroPoint(affine(value).kernelZeroPoint());
    float scale = unit instanceof SwishUnit ? affine(value).scales()[0] : 1;
    graph.add(Node.of("QuantizeLinear", List.of(raw, scale(scale), zero), List.of(bytes)));
    if (isFused(value)) {
      String read = graph.uniqueName(value + "_read");
      readFloats(value, read);
      // The greatest of one value is that value: it costs a copy, and nothing is fused across it.
      graph.add(Node.of("Max", List.of(read), List.of(value)));
    } else if (graph.useCount(value) > 1 && unit instanceof ConvUnit conv) {
      // ONNX Runtime would give each user a DequantizeLinear of its own; they share a Reshape.
      String read = graph.uniqueName(value + "_read");
      readFloats(value, read);
      int rank = conv.weights().shape().rank();
      graph.add(Node.of("Reshape", List.of(read, sameShape(rank)), List.of(value)));
    } else if (graph.useCount(value) > 0) {
      readFloats(value, value);
    }
  }

  /** Whether it is read by one that would be fused with what is around it. */
  private boolean isFused(String value) {
    return graph.consumers(value).stream()
        .filter(user -> FUSED_BETWEEN.contains(user.op()))
        .filter(user -> user.is("Where") || integers.keySet().containsAll(user.inputs()))
        .flatMap(user -> user.outputs().stream())
        .anyMatch(integers::containsKey);
  }

  private void readFloats(String value, String read) {
    ChannelAffine affine = affine(value);
    String bytes = bytesOf(value);
    if (affine.isUniform()) {
      String zero = zeroPoint(affine.kernelZeroPoint());
      graph.add(dequantizer(bytes, scale(affine.scales()[0]), zero, read));
      return;
    }
    Node channels =
        dequantizer(bytes, channelScales(value, affine), channelZeroPoints(value, affine), read);
    graph.add(channels.put(Attribute.of("axis", CHANNEL_AXIS)));
  }

  /** What Reshape takes for "as it is": a 0 keeps a length. */
  private String sameShape(int rank) {
    return sameShapes.computeIfAbsent(
        rank,
        r -> graph.addInitializer("same_shape", TensorData.ofLongs("", Shape.of(r), new long[r])));
  }

  private double writeWeights(ConvUnit unit) {
    Node conv = unit.node();
    ConvWeights quantized =
        ConvWeights.of(
            unit.shape(),
            unit.weights().toFloats(),
            unit.biasOrZeros(),
            ranges.apply(unit.input()).forChannels(unit.shape().inputs()).mean(),
            affine(unit.input()),
            affine(unit.output()));
    String scale = graph.addInitializer(conv.input(1) + "_scale", vector(quantized.scales()));
    String biasName = conv.hasInput(2) ? conv.input(2) : conv.output(0) + "_bias";
    String weights = conv.input(1);
    conv.setInput(1, perOutput(weights, quantized.valuesAs(unit.weights().shape()), scale));
    conv.setInput(2, perOutput(biasName, quantized.biasTensor(), scale));
    return quantized.signalToNoiseDb();
  }

  /** Integers with a scale and a zero point of 0 for each output channel. */
  private String perOutput(String name, TensorData values, String scale) {
    DataType type = values.type() == DataType.INT32 ? DataType.INT32 : DataType.INT8;
    long channels = values.shape().length(0);
    ByteBuffer zeros = TensorData.littleEndian(type.byteSize(channels));
    TensorData zeroPoint = TensorData.of("", type, Shape.of(channels), zeros);
    String read = graph.uniqueName(name + "_dequantized");
    String integers = graph.addInitializer(name + "_quantized", values);
    String zero = graph.addInitializer(name + "_zero_point", zeroPoint);
    graph.add(dequantizer(integers, scale, zero, read).put(Attribute.of("axis", 0)));
    return read;
  }

  private ChannelAffine affine(String value) {
    ChannelAffine affine = parameters.get(value);
    if (affine == null) {
      throw new IllegalStateException("No range is known for '" + value + "'.");
    }
    return affine;
  }

  private String channelScales(String value, ChannelAffine affine) {
    return graph.addInitializer(value + "_scale", vector(affine.scales()));
  }

  private String channelZeroPoints(String value, ChannelAffine affine) {
    int[] points = affine.zeroPoints();
    ByteBuffer bytes = TensorData.littleEndian(points.length);
    for (int point : points) {
      bytes.put((byte) point);
    }
    TensorData tensor = TensorData.of("", DataType.UINT8, Shape.of(points.length), bytes.flip());
    return graph.addInitializer(value + "_zero_point", tensor);
  }

  private static TensorData vector(float[] values) {
    return TensorData.ofFloats("", Shape.of(values.length), values);
  }

  private String scale(float value) {
    return scales.computeIfAbsent(
        value,
        v -> graph.addInitializer("kernel_scale", TensorData.ofFloats("", Shape.scalar(), v)));
  }

  private String zeroPoint(int value) {
    return zeroPoints.computeIfAbsent(
        value,
        v -> {
          ByteBuffer single = TensorData.littleEndian(1);
          single.put(0, (byte) (int) v);
          TensorData tensor = TensorData.of("", DataType.UINT8, Shape.scalar(), single);
          return graph.addInitializer("kernel_zero_point", tensor);
        });
  }
}
