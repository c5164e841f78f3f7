package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.quantize.NodeChoice.Form;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Stores the weights of matrix products in four or eight bits, in blocks, and leaves what flows
 * between them in floats: weight-only quantization. It needs no calibration data, and a row's
 * answer never depends on the other rows of its batch.
 *
 * <p>{@code MatMul} and {@code Gemm} with a constant matrix become {@code MatMulNBits} of {@code
 * com.microsoft}, with a following bias added inside. {@code accuracy_level} is always 4: then the
 * kernels round each block of 32 inputs to eight bits with a scale of its own, and multiply
 * integers; without it they would turn all weights back to floats first. That rounding is the
 * greater part of the error with eight-bit weights: cosine about 0.9996 on sentence embeddings.
 *
 * <p>{@code Attention} of {@code com.microsoft}, which has no such form, is taken apart first: see
 * {@link AttentionSplit}.
 *
 * <p>Four bits leave the error of the weights only some 22 dB below them, so not every product
 * should have them: the caller says which have eight; {@link SensitiveProducts} has a rule. Weights
 * are quantized tensor by tensor; a matrix that several products share is stored once.
 */
public final class BlockWeights {
  private static final String DOMAIN = "com.microsoft";

  private final Graph graph;
  private final BlockQuantizer quantizer;
  private final Importance importance;
  private final Map<String, Stored> stored = new LinkedHashMap<>();

  private BlockWeights(Graph graph, BlockQuantizer quantizer, Importance importance) {
    this.graph = graph;
    this.quantizer = quantizer;
    this.importance = importance;
  }

  /** How much the parts of a value matter, as calibration data told. */
  @FunctionalInterface
  public interface Importance {
    /** Nothing is known. */
    Importance UNKNOWN = value -> null;

    /** The mean square of each channel, of the last axis, of a value, or null if not known. */
    float @Nullable [] of(String value);
  }

  /**
   * Changes the products of a model, in place.
   *
   * @param quantizer how weights are rounded
   * @param excludedNodes nodes that stay as they are, by name, or by first output if nameless
   * @return one choice for each {@code MatMul} and {@code Gemm}, and each {@code Attention} that
   *     stayed
   */
  public static List<NodeChoice> apply(
      ModelData model, BlockQuantizer quantizer, Set<String> excludedNodes) {
    return apply(model, quantizer, excludedNodes, Set.of(), Importance.UNKNOWN);
  }

  /**
   * As {@link #apply(ModelData, BlockQuantizer, Set)}, with some products in eight bits, and with
   * what is known of the inputs: a block's search then counts the error of a weight by what
   * multiplies it.
   *
   * @param eightBitNodes nodes whose weights get eight bits whatever the quantizer's are; an {@code
   *     Attention} that is taken apart stands for its three products
   */
  public static List<NodeChoice> apply(
      ModelData model,
      BlockQuantizer quantizer,
      Set<String> excludedNodes,
      Set<String> eightBitNodes,
      Importance importance) {
    Graph graph = model.graph();
    BlockWeights pass = new BlockWeights(graph, quantizer, importance);
    Set<String> eightBits = new HashSet<>(eightBitNodes);
    graph.nodes().stream()
        .filter(AttentionSplit::isCandidate)
        .map(NodeChoice::nameOf)
        .filter(eightBitNodes::contains)
        .forEach(name -> eightBits.addAll(AttentionSplit.namesOf(name)));
    List<NodeChoice> choices = AttentionSplit.apply(graph, excludedNodes);
    for (Node node : List.copyOf(graph.nodes())) {
      if (MatrixProduct.isCandidate(node)) {
        boolean wide = eightBits.contains(NodeChoice.nameOf(node));
        choices.add(pass.choose(node, excludedNodes, wide));
      }
    }
    if (!pass.stored.isEmpty()) {
      model.importOpset(DOMAIN, 1);
      graph.removeDead();
    }
    return choices;
  }

  private NodeChoice choose(Node node, Set<String> excludedNodes, boolean wide) {
    String name = NodeChoice.nameOf(node);
    String why = MatrixProduct.whyNot(graph, node, excludedNodes);
    if (why != null) {
      return NodeChoice.left(name, node.op(), why);
    }
    MatrixProduct product = MatrixProduct.of(graph, node);
    BlockQuantizer chosen = wide ? quantizer.inEightBits() : quantizer;
    ConstantMatrix outputs = product.weights().transpose();
    long quantizedBytes = chosen.byteSize(outputs.rows(), outputs.columns());
    if (quantizedBytes >= outputs.byteSize()) {
      return NodeChoice.left(name, node.op(), "Its weights are too few to become smaller.");
    }
    Stored weights = store(product, chosen);
    product.replace(graph, (bias, output) -> product(node.input(0), weights, bias, output, chosen));
    boolean eight = chosen.bits() == 8;
    return new NodeChoice(
        name,
        node.op(),
        eight ? Form.WEIGHT_INT8 : Form.WEIGHT_INT4,
        "Its weights are stored in " + chosen.explanation() + ".",
        weights.decibels());
  }

  /** A matrix as it was stored: the names of its initializers, and what the rounding cost. */
  private record Stored(
      String codes, String scales, String zeroPoints, int inputs, int outputs, double decibels) {}

  private Stored store(MatrixProduct product, BlockQuantizer chosen) {
    ConstantMatrix outputs = product.weights().transpose();
    float[] counts = importance.of(product.node().input(0));
    float[] usable = counts != null && counts.length == outputs.columns() ? counts : null;
    // Another importance gives other codes: what is shared must have been rounded alike.
    String key =
        outputs.key() + "/" + chosen.bits() + (usable == null ? "" : "/" + product.node().input(0));
    return stored.computeIfAbsent(key, k -> store(outputs, chosen, usable));
  }

  private Stored store(
      ConstantMatrix outputs, BlockQuantizer chosen, float @Nullable [] importance) {
    BlockedMatrix matrix = chosen.rows(outputs, importance);
    int blocks = matrix.blocksPerRow();
    int rows = matrix.rows();
    String name = outputs.name();
    int blockBytes = chosen.blockSize() * chosen.bits() / 8;
    byte[] zeroPoints = matrix.zeroPoints();
    return new Stored(
        addBytes(name + "_codes", matrix.codes(), rows, blocks, blockBytes),
        graph.addInitializer(
            name + "_scales", TensorData.ofFloats("", Shape.of(rows, blocks), matrix.scales())),
        zeroPoints == null
            ? ""
            : addBytes(name + "_zeros", zeroPoints, rows, zeroPoints.length / rows),
        matrix.columns(),
        rows,
        matrix.decibels(outputs));
  }

  private String addBytes(String hint, byte[] values, long... shape) {
    ByteBuffer bytes = TensorData.littleEndian(values.length).put(values).flip();
    return graph.addInitializer(hint, TensorData.of("", DataType.UINT8, Shape.of(shape), bytes));
  }

  private static Node product(
      String input, Stored weights, String bias, String output, BlockQuantizer chosen) {
    Node node =
        Node.of(
            DOMAIN,
            "MatMulNBits",
            List.of(input, weights.codes(), weights.scales()),
            List.of(output),
            Attribute.of("K", weights.inputs()),
            Attribute.of("N", weights.outputs()),
            Attribute.of("bits", chosen.bits()),
            Attribute.of("block_size", chosen.blockSize()),
            Attribute.of("accuracy_level", 4L));
    if (!weights.zeroPoints().isEmpty()) {
      node.setInput(3, weights.zeroPoints());
    }
    if (!bias.isEmpty()) {
      node.setInput(5, bias);
    }
    return node;
  }
}
