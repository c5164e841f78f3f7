package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Multiplies eight-bit integers with scales taken from each input as it comes: dynamic
 * quantization, for when there is no data to calibrate with.
 *
 * <p>Weights are signed bytes around 0 with a scale for each output ({@link ChannelQuantizer}).
 * Inputs become unsigned bytes over the range of the whole tensor, widened to hold 0, in every run.
 * The products of integers are exact in 32 bits, so {@code y = s_x s_w (x_q - z) W_q + b}.
 *
 * <p><b>An answer depends on its batch.</b> The range is taken over all rows of a batch, padding
 * included, so the same row gives slightly different numbers in other company. Static and
 * weight-only quantization do not have this flaw: prefer them where answers must repeat.
 *
 * <p>The fused operators of ONNX Runtime are written directly, because it would find them only in
 * graphs that look as its own tool makes them: {@code DynamicQuantizeMatMul} for an input that one
 * product reads; one {@code DynamicQuantizeLinear} and a {@code MatMulIntegerToFloat} each where
 * several read it; {@code QAttention} for {@code Attention}, or products and {@code
 * MultiHeadAttention} where it asks for more than that can do. The bits are those of the standard
 * operators.
 */
public final class DynamicDense {
  private static final String DOMAIN = "com.microsoft";

  private static final String BATCH_NOTE =
      " The scale of its input is taken over the whole batch, so a row's answer depends a little on"
          + " the other rows.";

  private final Graph graph;
  private final Grid grid;
  private final boolean hasDynamicLinear;
  private final Map<String, Stored> stored = new LinkedHashMap<>();
  private final Map<String, Bytes> inputs = new LinkedHashMap<>();
  private final WeightZeroPoint zeroPoint;

  private DynamicDense(ModelData model, Grid grid) {
    this.graph = model.graph();
    this.grid = grid;
    this.zeroPoint = new WeightZeroPoint(graph);
    this.hasDynamicLinear = model.opset() >= 11;
  }

  /**
   * Changes the products of a model, in place.
   *
   * @param excludedNodes nodes that stay as they are, by name, or by first output if nameless
   * @return one choice for each {@code MatMul}, {@code Gemm} and {@code Attention}
   */
  public static List<NodeChoice> apply(ModelData model, Set<String> excludedNodes) {
    return apply(model, excludedNodes, Grid.INT8_SYMMETRIC);
  }

  /**
   * As {@link #apply(ModelData, Set)}, with other integers for weights.
   *
   * @param weights {@link Grid#INT8_SYMMETRIC}, or {@link Grid#INT8_REDUCED} for a file that old
   *     processors compute with: see {@link CpuPolicy}
   */
  public static List<NodeChoice> apply(ModelData model, Set<String> excludedNodes, Grid weights) {
    Graph graph = model.graph();
    DynamicDense pass = new DynamicDense(model, weights);
    AttentionSplit.apply(graph, excludedNodes, node -> !pass.staysWhole(node));
    List<Node> candidates =
        graph.nodes().stream()
            .filter(node -> MatrixProduct.isCandidate(node) || node.is(DOMAIN, "Attention"))
            .toList();
    Map<String, Integer> readers = new LinkedHashMap<>();
    for (Node node : candidates) {
      if (pass.whyNot(node, excludedNodes) == null) {
        readers.merge(node.input(0), 1, Integer::sum);
      }
    }
    List<NodeChoice> choices = new ArrayList<>();
    for (Node node : candidates) {
      String why = pass.whyNot(node, excludedNodes);
      choices.add(
          why != null
              ? NodeChoice.left(NodeChoice.nameOf(node), node.op(), why)
              : pass.quantize(node, readers.getOrDefault(node.input(0), 1) > 1));
    }
    if (choices.stream().anyMatch(choice -> choice.form() == Form.DYNAMIC_INT8)) {
      model.importOpset(DOMAIN, 1);
      graph.removeDead();
    }
    return choices;
  }

  private @Nullable String whyNot(Node node, Set<String> excludedNodes) {
    if (MatrixProduct.isCandidate(node)) {
      return MatrixProduct.whyNot(graph, node, excludedNodes);
    }
    if (excludedNodes.contains(NodeChoice.nameOf(node))) {
      return "It was excluded.";
    }
    return DenseNode.objection(graph, node, DenseNode.Kind.ATTENTION);
  }

  /** Whether an {@code Attention} has an integer form, or none at all, not even in parts. */
  private boolean staysWhole(Node node) {
    return DenseNode.objection(graph, node, DenseNode.Kind.ATTENTION) != null
        || (hasDynamicLinear
            && DenseNode.of(graph, node, DenseNode.Kind.ATTENTION).isPlainAttention());
  }

  private NodeChoice quantize(Node node, boolean inputShared) {
    String name = NodeChoice.nameOf(node);
    Stored weights;
    if (!MatrixProduct.isCandidate(node)) {
      weights = attention(node);
    } else {
      MatrixProduct product = MatrixProduct.of(graph, node);
      weights = store(product.weights());
      if (inputShared && hasDynamicLinear) {
        Bytes input = bytes(node);
        product.replace(graph, (bias, output) -> shared(input, weights, bias, output));
      } else {
        product.replace(graph, (bias, output) -> own(node.input(0), weights, bias, output));
      }
    }
    String reason = "Weights and inputs are multiplied in eight bits." + BATCH_NOTE;
    return new NodeChoice(name, node.op(), Form.DYNAMIC_INT8, reason, weights.decibels());
  }

  private Node own(String input, Stored weights, String bias, String output) {
    Node node =
        Node.of(
            DOMAIN,
            "DynamicQuantizeMatMul",
            List.of(input, weights.codes(), weights.scales(), zeroPoint.name()),
            List.of(output));
    if (!bias.isEmpty()) {
      node.setInput(4, bias);
    }
    return node;
  }

  private Node shared(Bytes input, Stored weights, String bias, String output) {
    Node node =
        Node.of(
            DOMAIN,
            "MatMulIntegerToFloat",
            List.of(
                input.codes(),
                weights.codes(),
                input.scale(),
                weights.scales(),
                input.zeroPoint(),
                zeroPoint.name()),
            List.of(output));
    if (!bias.isEmpty()) {
      node.setInput(6, bias);
    }
    return node;
  }

  private Stored attention(Node node) {
    DenseNode dense = DenseNode.of(graph, node, DenseNode.Kind.ATTENTION);
    MatrixRows outputs = MatrixRows.columnsOf(dense.matrix(), dense.outputs());
    Stored weights = write(dense.weights().name(), outputs, dense.inner());
    float[] row = dense.biasRow();
    float[] bias = row == null ? new float[dense.outputs()] : row;
    String biasName =
        graph.addInitializer(
            dense.weights().name() + "_bias", TensorData.ofFloats("", Shape.of(bias.length), bias));
    Bytes input = bytes(node);
    Node quantized =
        Node.of(
            DOMAIN,
            "QAttention",
            List.of(
                input.codes(),
                weights.codes(),
                biasName,
                input.scale(),
                weights.scales(),
                node.input(3),
                input.zeroPoint(),
                zeroPoint.name()),
            node.outputs(),
            dense.attentionAttributes());
    graph.replace(node, quantized.named(node.name()));
    return weights;
  }

  /** An input as integers: the values that hold them, their scale and their zero point. */
  private record Bytes(String codes, String scale, String zeroPoint) {}

  /** The input of a node as integers, made before the first node that reads them. */
  private Bytes bytes(Node reader) {
    return inputs.computeIfAbsent(
        reader.input(0),
        input -> {
          Bytes made =
              new Bytes(
                  graph.uniqueName(input + "_codes"),
                  graph.uniqueName(input + "_scale"),
                  graph.uniqueName(input + "_zero"));
          List<String> outputs = List.of(made.codes(), made.scale(), made.zeroPoint());
          graph.insertBefore(reader, Node.of("DynamicQuantizeLinear", List.of(input), outputs));
          return made;
        });
  }

  /** A matrix as it was stored: the names of its initializers, and what the rounding cost. */
  private record Stored(String codes, String scales, double decibels) {}

  private Stored store(ConstantMatrix weights) {
    return stored.computeIfAbsent(
        weights.key(), key -> write(weights.name(), weights.transpose(), weights.rows()));
  }

  private Stored write(String name, MatrixRows outputs, int inputs) {
    int count = outputs.rows();
    ByteBuffer codes = TensorData.littleEndian((long) inputs * count);
    float[] scales = new float[count];
    float[] column = new float[inputs];
    SignalToNoise quality = new SignalToNoise();
    for (int c = 0; c < count; c++) {
      outputs.read(c, column);
      Affine affine = Affine.around0(column, grid);
      scales[c] = affine.scale();
      for (int i = 0; i < inputs; i++) {
        int code = affine.quantize(column[i]);
        codes.put(i * count + c, (byte) code);
        quality.add(column[i], affine.dequantize(code));
      }
    }
    TensorData bytes = TensorData.of("", DataType.INT8, Shape.of(inputs, count), codes);
    return new Stored(
        graph.addInitializer(name + "_codes", bytes),
        graph.addInitializer(name + "_scales", TensorData.ofFloats("", Shape.of(count), scales)),
        quality.decibels());
  }
}
