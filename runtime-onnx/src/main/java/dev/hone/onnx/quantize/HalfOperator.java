package dev.hone.onnx.quantize;

import dev.hone.onnx.graph.Node;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What is known of an operator that can compute with half-precision floats.
 *
 * <p>Not among them, and so left in single precision: what squares or adds up many values without
 * wider sums that every kernel is sure to keep ({@code Pow}, {@code ReduceSum}, {@code ReduceMean},
 * {@code ReduceL2}, {@code CumSum}), what leaves the range of the halves quickly ({@code Exp},
 * {@code Reciprocal}), what divides by small numbers read from a file ({@code BatchNormalization}),
 * and what adds errors up over steps ({@code LSTM}, {@code GRU}).
 *
 * @param role what it is to the pass
 * @param inputs which inputs share the type that may become half: bit i for input i
 * @param outputs the same for outputs
 */
record HalfOperator(Role role, int inputs, int outputs) {
  private static final String MICROSOFT = "com.microsoft";
  private static final int ALL = -1;
  private static final int FIRST = 1;

  /** What an operator is to the pass. */
  enum Role {
    /** A product: what half precision makes faster. */
    COMPUTES,
    /** It goes along with the products beside it: alone it is not worth a conversion. */
    FOLLOWS,
    /** It stays in single precision, but its first output is of the type of its first input. */
    STAYS
  }

  private static final Map<String, HalfOperator> STANDARD = standard();
  private static final Map<String, HalfOperator> OF_ONNX_RUNTIME = ofOnnxRuntime();

  /** What is known of a node's operator; null if nothing. */
  static @Nullable HalfOperator of(Node node) {
    return switch (node.domain()) {
      case "" -> STANDARD.get(node.op());
      case MICROSOFT -> OF_ONNX_RUNTIME.get(node.op());
      default -> null;
    };
  }

  /** Whether this input may become half. */
  boolean takes(int input) {
    return input >= Integer.SIZE ? inputs == ALL : (inputs >> input & 1) != 0;
  }

  /** Whether this output may become half. */
  boolean gives(int output) {
    return output >= Integer.SIZE ? outputs == ALL : (outputs >> output & 1) != 0;
  }

  private static Map<String, HalfOperator> standard() {
    Map<String, HalfOperator> known = new HashMap<>();
    HalfOperator computes = new HalfOperator(Role.COMPUTES, ALL, ALL);
    List.of("MatMul", "Gemm", "Conv", "ConvTranspose").forEach(op -> known.put(op, computes));

    HalfOperator elementwise = new HalfOperator(Role.FOLLOWS, ALL, ALL);
    List.of("Add", "Sub", "Mul", "Div", "Neg", "Abs", "Min", "Max", "Clip", "Relu", "LeakyRelu")
        .forEach(op -> known.put(op, elementwise));
    List.of("PRelu", "Elu", "Sigmoid", "HardSigmoid", "HardSwish", "Tanh", "Erf")
        .forEach(op -> known.put(op, elementwise));
    List.of("Concat", "Identity", "Transpose", "Flatten", "Softmax", "Gelu", "AveragePool")
        .forEach(op -> known.put(op, elementwise));
    List.of("GlobalAveragePool", "GlobalMaxPool", "InstanceNormalization")
        .forEach(op -> known.put(op, elementwise));

    HalfOperator first = new HalfOperator(Role.FOLLOWS, FIRST, ALL);
    List.of("Reshape", "Squeeze", "Unsqueeze", "Slice", "Gather", "Split", "Expand", "Tile")
        .forEach(op -> known.put(op, first));
    List.of("DepthToSpace", "SpaceToDepth", "Resize", "Upsample", "ReduceMax", "ReduceMin")
        .forEach(op -> known.put(op, first));
    HalfOperator firstToFirst = new HalfOperator(Role.FOLLOWS, FIRST, FIRST);
    List.of("MaxPool", "Dropout").forEach(op -> known.put(op, firstToFirst));
    known.put("LayerNormalization", new HalfOperator(Role.FOLLOWS, ALL, FIRST));
    known.put("Pad", new HalfOperator(Role.FOLLOWS, 0b101, ALL));
    known.put("Where", new HalfOperator(Role.FOLLOWS, 0b110, ALL));

    HalfOperator stays = new HalfOperator(Role.STAYS, FIRST, FIRST);
    List.of("Pow", "Exp", "Log", "Sqrt", "Reciprocal", "Sin", "Cos", "Floor", "Ceil", "Round")
        .forEach(op -> known.put(op, stays));
    List.of("ReduceSum", "ReduceMean", "ReduceL1", "ReduceL2", "ReduceSumSquare", "ReduceProd")
        .forEach(op -> known.put(op, stays));
    List.of("ReduceLogSum", "ReduceLogSumExp", "LogSoftmax", "CumSum", "Softplus", "Sign")
        .forEach(op -> known.put(op, stays));
    List.of("BatchNormalization", "LpNormalization", "LSTM", "GRU", "RNN", "TopK", "Einsum")
        .forEach(op -> known.put(op, stays));
    return Map.copyOf(known);
  }

  /** Those that ONNX Runtime adds, as far as this library or usual exporters write them. */
  private static Map<String, HalfOperator> ofOnnxRuntime() {
    Map<String, HalfOperator> known = new HashMap<>();
    HalfOperator computes = new HalfOperator(Role.COMPUTES, ALL, ALL);
    List.of("FusedMatMul", "FusedGemm", "FusedConv").forEach(op -> known.put(op, computes));
    known.put("Attention", new HalfOperator(Role.COMPUTES, 0b110111, ALL));
    known.put("MultiHeadAttention", new HalfOperator(Role.COMPUTES, 0b11101111, ALL));

    HalfOperator follows = new HalfOperator(Role.FOLLOWS, ALL, ALL);
    List.of("Gelu", "BiasGelu", "FastGelu", "QuickGelu").forEach(op -> known.put(op, follows));
    known.put("SkipLayerNormalization", new HalfOperator(Role.FOLLOWS, ALL, 0b1001));
    known.put("EmbedLayerNormalization", new HalfOperator(Role.FOLLOWS, 0b1111100, 0b101));
    return Map.copyOf(known);
  }
}
