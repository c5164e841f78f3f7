package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes integer products in the place of float ones. */
final class DenseWriter {
  static final String MICROSOFT = "com.microsoft";

  private final Graph graph;
  private final long opset;
  private final WeightZeroPoint weightZeroPoint;

  /** A writer for a graph in this version of the standard operators. */
  DenseWriter(Graph graph, long opset) {
    this.graph = graph;
    this.opset = opset;
    this.weightZeroPoint = new WeightZeroPoint(graph);
  }

  /** The names of a value's integers and of what gives them meaning. */
  record Quantized(String integers, String scale, String zeroPoint) {}

  /** Adds a node that divides the channels of a value, and gives the name of what it makes. */
  String divide(String value, float[] divisors, Node before) {
    float[] factors = new float[divisors.length];
    for (int i = 0; i < factors.length; i++) {
      factors[i] = 1 / divisors[i];
    }
    String name =
        graph.addInitializer(
            value + "_factors", TensorData.ofFloats("", Shape.of(factors.length), factors));
    String divided = graph.uniqueName(value + "_smoothed");
    graph.insertBefore(before, Node.of("Mul", List.of(value, name), List.of(divided)));
    return divided;
  }

  /** Adds the node that makes a value's integers, before the first of those that will read them. */
  Quantized quantizeInput(String value, Affine affine, Node before) {
    String scale =
        graph.addInitializer(
            value + "_scale",
            TensorData.ofFloats(value + "_scale", Shape.scalar(), affine.scale()));
    byte[] zero = {(byte) affine.zeroPoint()};
    String zeroPoint =
        graph.addInitializer(
            value + "_zero_point",
            TensorData.of("", DataType.UINT8, Shape.scalar(), offHeap(zero)));
    String integers = graph.uniqueName(value + "_quantized");
    graph.insertBefore(
        before,
        Node.of(
            opset >= 10 ? "" : MICROSOFT,
            "QuantizeLinear",
            List.of(value, scale, zeroPoint),
            List.of(integers)));
    return new Quantized(integers, scale, zeroPoint);
  }

  /** Puts an integer product where a float one was. */
  void replace(DenseNode dense, Quantized input, QuantizedMatrix matrix, float @Nullable [] bias) {
    String name = dense.weights().name();
    String weight =
        graph.addInitializer(
            name + "_quantized",
            TensorData.of(
                "",
                DataType.INT8,
                Shape.of(matrix.rows(), matrix.columns()),
                offHeap(matrix.values())));
    String scales =
        graph.addInitializer(
            name + "_scale", TensorData.ofFloats("", Shape.of(matrix.columns()), matrix.scales()));
    String biasName =
        bias == null
            ? ""
            : graph.addInitializer(
                name + "_bias", TensorData.ofFloats("", Shape.of(bias.length), bias));
    if (dense.isPlainAttention()) {
      Node product = attention(dense, input, weight, scales, biasName);
      graph.replace(dense.node(), product.named(dense.node().name()));
    } else if (dense.kind() == DenseNode.Kind.ATTENTION) {
      String projected = graph.uniqueName(dense.output() + "_projected");
      List<String> parts = parts(projected);
      Node product = matMul(projected, input, weight, scales, biasName);
      graph.insertBefore(dense.node(), product, split(dense, projected, parts));
      graph.replace(dense.node(), multiHead(dense, parts).named(dense.node().name()));
    } else {
      Node product = matMul(dense.output(), input, weight, scales, biasName);
      graph.replace(dense.node(), product.named(dense.node().name()));
    }
    Node add = dense.add();
    if (add != null) {
      graph.remove(add);
    }
  }

  private Node matMul(String output, Quantized input, String weight, String scales, String bias) {
    List<String> inputs =
        new ArrayList<>(
            List.of(
                input.integers(),
                weight,
                input.scale(),
                scales,
                input.zeroPoint(),
                weightZeroPoint.name()));
    if (!bias.isEmpty()) {
      inputs.add(bias);
    }
    return Node.of(MICROSOFT, "MatMulIntegerToFloat", inputs, List.of(output));
  }

  private Node attention(
      DenseNode dense, Quantized input, String weight, String scales, String bias) {
    List<String> inputs =
        List.of(
            input.integers(),
            weight,
            bias,
            input.scale(),
            scales,
            dense.node().input(3),
            input.zeroPoint(),
            weightZeroPoint.name());
    Attribute[] attributes = dense.attentionAttributes();
    return Node.of(MICROSOFT, "QAttention", inputs, List.of(dense.output()), attributes);
  }

  /** Queries, keys and values apart. */
  private Node split(DenseNode dense, String projected, List<String> parts) {
    long[] sizes = dense.attentionSizes();
    if (opset < 13) {
      return Node.of(
          "Split",
          List.of(projected),
          parts,
          Attribute.of("axis", -1),
          Attribute.of("split", sizes));
    }
    String lengths =
        graph.addInitializer(
            projected + "_sizes", TensorData.ofLongs("", Shape.of(sizes.length), sizes));
    return Node.of("Split", List.of(projected, lengths), parts, Attribute.of("axis", -1));
  }

  /** Attention over what is projected already: it takes all that Attention takes beside. */
  private static Node multiHead(DenseNode dense, List<String> parts) {
    List<String> inputs = new ArrayList<>(parts);
    inputs.addAll(List.of("", dense.node().input(3)));
    if (dense.node().hasInput(5)) {
      inputs.add(dense.node().input(5));
    }
    Attribute[] attributes = dense.attentionAttributes();
    return Node.of(MICROSOFT, "MultiHeadAttention", inputs, List.of(dense.output()), attributes);
  }

  private List<String> parts(String projected) {
    return Stream.of("_q", "_k", "_v").map(end -> graph.uniqueName(projected + end)).toList();
  }

  static ByteBuffer offHeap(byte[] bytes) {
    return TensorData.littleEndian(bytes.length).put(bytes).flip();
  }
}
