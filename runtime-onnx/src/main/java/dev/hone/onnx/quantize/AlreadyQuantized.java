package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Recognizes models that somebody has quantized before. Rounding what was rounded adds error and
 * saves nothing, so such a model is left as it is.
 */
public final class AlreadyQuantized {
  /** Operators, of ONNX and of ONNX Runtime, that only a quantized model has. */
  private static final Set<String> OPERATORS =
      Set.of(
          "QuantizeLinear",
          "DequantizeLinear",
          "DynamicQuantizeLinear",
          "MatMulInteger",
          "ConvInteger",
          "MatMulInteger16",
          "MatMulIntegerToFloat",
          "DynamicQuantizeMatMul",
          "DynamicQuantizeLSTM",
          "MatMulNBits",
          "MatMulBnb4",
          "MatMulFpQ4",
          "GatherBlockQuantized",
          "QAttention",
          "QEmbedLayerNormalization",
          "QGemm",
          "QMoE");

  private static final Set<DataType> BYTES =
      Set.of(DataType.INT8, DataType.UINT8, DataType.INT4, DataType.UINT4);

  private AlreadyQuantized() {}

  /**
   * What shows that a model is quantized, for example {@code 24 DynamicQuantizeLinear, 36
   * MatMulInteger}; empty if nothing does. Subgraphs count.
   */
  public static Optional<String> evidence(ModelData model) {
    Map<String, Integer> counts = new TreeMap<>();
    count(model.graph(), counts);
    return counts.isEmpty()
        ? Optional.empty()
        : Optional.of(
            counts.entrySet().stream()
                .map(entry -> entry.getValue() + " " + entry.getKey())
                .collect(Collectors.joining(", ")));
  }

  private static void count(Graph graph, Map<String, Integer> counts) {
    for (Node node : graph.nodes()) {
      boolean known = node.domain().isEmpty() || node.domain().equals("com.microsoft");
      if (known && isQuantized(graph, node)) {
        counts.merge(node.op(), 1, Integer::sum);
      }
      node.subgraphs().forEach(subgraph -> count(subgraph, counts));
    }
  }

  private static boolean isQuantized(Graph graph, Node node) {
    String op = node.op();
    return OPERATORS.contains(op)
        || op.startsWith("QLinear")
        || op.startsWith("QOrdered")
        || (node.is("Gather") && isTableOfBytes(graph, node.input(0)));
  }

  /** As {@link EmbeddingRows} writes it, and Python's tool. */
  private static boolean isTableOfBytes(Graph graph, String value) {
    TensorData table = graph.constant(value);
    return table != null && table.type() != null && BYTES.contains(table.type());
  }
}
