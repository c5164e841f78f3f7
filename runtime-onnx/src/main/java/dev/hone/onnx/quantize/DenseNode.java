package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node that multiplies a value by a constant matrix, {@code y = x W + b}, whichever operator
 * writes it: MatMul with or without an Add behind it, Gemm, or the three projections of an
 * Attention.
 *
 * @param node the node
 * @param kind its operator
 * @param weights W without the factors that the operator has
 * @param bias the constant b as the model holds it, or null
 * @param add the Add that brings the bias, or null
 */
record DenseNode(
    Node node, Kind kind, ConstantMatrix weights, @Nullable TensorData bias, @Nullable Node add) {
  /** The operators. */
  enum Kind {
    MATMUL,
    GEMM,
    ATTENTION
  }

  private static final String MICROSOFT = "com.microsoft";

  /** The kind of a node, or null if it is no matrix product. */
  static @Nullable Kind kindOf(Node node) {
    if (node.is("MatMul")) {
      return Kind.MATMUL;
    }
    if (node.is("Gemm")) {
      return Kind.GEMM;
    }
    return node.is(MICROSOFT, "Attention") ? Kind.ATTENTION : null;
  }

  /** Why a node of a kind is none that could be quantized, or null if it is one. */
  static @Nullable String objection(Graph graph, Node node, Kind kind) {
    if (graph.constant(node.input(0)) != null) {
      return "Its first input is a constant.";
    }
    ConstantMatrix weights = ConstantMatrix.find(graph, node.input(1));
    if (weights == null) {
      return MatrixProduct.whyNoMatrix(graph, node.input(1));
    }
    if (!weights.isFinite()) {
      return "Its weights hold infinite elements or NaN.";
    }
    return switch (kind) {
      case MATMUL -> null;
      case GEMM -> gemmObjection(graph, node, weights);
      case ATTENTION -> attentionObjection(graph, node, weights);
    };
  }

  private static @Nullable String gemmObjection(Graph graph, Node node, ConstantMatrix weights) {
    if (node.longAttribute("transA", 0) != 0) {
      return "Its first input is transposed.";
    }
    if (!node.hasInput(2)) {
      return null;
    }
    TensorData bias = graph.constant(node.input(2));
    if (bias == null || bias.type() != DataType.FLOAT32) {
      return "Its third input is no constant of floats.";
    }
    long columns = node.longAttribute("transB", 0) != 0 ? weights.rows() : weights.columns();
    long count = bias.shape().elementCount();
    boolean row =
        count == 1 || (count == columns && bias.shape().length(bias.shape().rank() - 1) == columns);
    return row ? null : "Its third input is not one row: " + bias.shape() + ".";
  }

  private static @Nullable String attentionObjection(
      Graph graph, Node node, ConstantMatrix weights) {
    if (node.hasInput(4) || node.hasInput(6) || !node.output(1).isEmpty()) {
      return "It keeps keys and values from call to call.";
    }
    if (node.longAttribute("do_rotary", 0) != 0) {
      return "It rotates queries and keys itself.";
    }
    long[] sizes = attentionSizes(node, weights.columns());
    if (sizes.length != 3 || Arrays.stream(sizes).sum() != weights.columns()) {
      return "Its sizes " + Arrays.toString(sizes) + " are not those of its weights.";
    }
    TensorData bias = graph.constant(node.input(2));
    boolean row = bias != null && bias.type() == DataType.FLOAT32 && bias.shape().rank() == 1;
    return row || !node.hasInput(2) ? null : "Its bias is no constant row.";
  }

  private static long[] attentionSizes(Node node, int columns) {
    return node.longsAttribute("qkv_hidden_sizes", columns / 3, columns / 3, columns / 3);
  }

  /** The product that a node is; there must be no {@link #objection}. */
  static DenseNode of(Graph graph, Node node, Kind kind) {
    ConstantMatrix found = ConstantMatrix.find(graph, node.input(1));
    if (found == null) {
      throw new IllegalArgumentException(node.label() + " has no constant matrix.");
    }
    boolean flipped = kind == Kind.GEMM && node.longAttribute("transB", 0) != 0;
    ConstantMatrix weights = flipped ? found.transpose() : found;
    if (kind != Kind.MATMUL) {
      return new DenseNode(node, kind, weights, graph.constant(node.input(2)), null);
    }
    Node add = biasAdd(graph, node, weights.columns());
    return new DenseNode(node, kind, weights, add == null ? null : addedTo(graph, node, add), add);
  }

  /** The product that gives a value, with its bias where it has a constant one, or null. */
  static @Nullable DenseNode producing(Graph graph, String value) {
    Node producer = graph.producer(value);
    if (producer != null && producer.is("Add")) {
      Node left = graph.producer(producer.input(0));
      producer = left != null && left.is("MatMul") ? left : graph.producer(producer.input(1));
    }
    Kind kind = producer == null ? null : kindOf(producer);
    if (producer == null || kind == null || objection(graph, producer, kind) != null) {
      return null;
    }
    DenseNode dense = of(graph, producer, kind);
    return dense.output().equals(value) ? dense : null;
  }

  /** The only user of a MatMul, if it adds one constant to each column. */
  private static @Nullable Node biasAdd(Graph graph, Node node, int columns) {
    String product = node.output(0);
    List<Node> users = graph.consumers(product);
    if (graph.useCount(product) != 1 || users.size() != 1 || !users.get(0).is("Add")) {
      return null;
    }
    TensorData added = addedTo(graph, node, users.get(0));
    if (added == null || added.type() != DataType.FLOAT32) {
      return null;
    }
    return added.shape().equals(Shape.of(columns)) ? users.get(0) : null;
  }

  private static @Nullable TensorData addedTo(Graph graph, Node node, Node add) {
    return graph.constant(add.input(add.input(0).equals(node.output(0)) ? 1 : 0));
  }

  /** The value x. */
  String input() {
    return node.input(0);
  }

  /** The value y, with the bias where an Add brings it. */
  String output() {
    return add == null ? node.output(0) : add.output(0);
  }

  /** Rows of W: what is summed over. */
  int inner() {
    return weights.rows();
  }

  /** Columns of W. */
  int outputs() {
    return weights.columns();
  }

  /** How choices call the node. */
  String label() {
    return NodeChoice.nameOf(node);
  }

  /** W, row by row, with the factors that the operator has. */
  float[] matrix() {
    int columns = outputs();
    float alpha = kind == Kind.GEMM ? node.floatAttribute("alpha", 1) : 1;
    float query = queryFactor();
    int queries = queryColumns();
    float[] matrix = new float[inner() * columns];
    float[] row = new float[columns];
    for (int i = 0; i < inner(); i++) {
      weights.read(i, row);
      for (int j = 0; j < columns; j++) {
        matrix[i * columns + j] = (j < queries ? query : alpha) * row[j];
      }
    }
    return matrix;
  }

  /** b with one number for each column, or null if there is none. */
  float @Nullable [] biasRow() {
    if (bias == null) {
      return kind == Kind.ATTENTION ? new float[outputs()] : null;
    }
    float beta = kind == Kind.GEMM ? node.floatAttribute("beta", 1) : 1;
    float query = queryFactor();
    int queries = queryColumns();
    float[] held = bias.toFloats();
    float[] row = new float[outputs()];
    for (int j = 0; j < row.length; j++) {
      row[j] = (j < queries ? query : beta) * held[held.length == 1 ? 0 : j];
    }
    return row;
  }

  /** Gives the node another W, row by row; what others read stays as it is. */
  void putMatrix(Graph graph, float[] matrix, int columns) {
    String name = weights.name() + "_changed";
    Shape shape = Shape.of(matrix.length / columns, columns);
    node.setInput(1, graph.addInitializer(name, TensorData.ofFloats(name, shape, matrix)));
    if (kind == Kind.GEMM) {
      node.put(Attribute.of("alpha", 1f)).put(Attribute.of("transB", 0));
    }
    node.removeAttribute("scale");
  }

  /** Gives the node another b; it must have one. */
  void putBias(Graph graph, float[] row) {
    String name = (bias == null ? weights.name() + "_bias" : bias.name()) + "_changed";
    String put = graph.addInitializer(name, TensorData.ofFloats(name, Shape.of(row.length), row));
    if (add != null) {
      add.setInputs(List.of(node.output(0), put));
    } else {
      node.setInput(2, put);
    }
    if (kind == Kind.GEMM) {
      node.put(Attribute.of("beta", 1f));
    }
  }

  /** How many columns make queries, keys and values. */
  long[] attentionSizes() {
    return attentionSizes(node, outputs());
  }

  /** Whether the integer form of Attention can do all that this Attention does. */
  boolean isPlainAttention() {
    return kind == Kind.ATTENTION && !node.hasInput(5) && outputs() == 3 * inner();
  }

  /** The attributes that every form of Attention has. */
  Attribute[] attentionAttributes() {
    return node.attributes().stream()
        .filter(a -> List.of("num_heads", "unidirectional", "mask_filter_value").contains(a.name()))
        .toArray(Attribute[]::new);
  }

  /** How many of the first columns {@link #queryFactor} is for. */
  private int queryColumns() {
    return kind == Kind.ATTENTION ? (int) attentionSizes()[0] : 0;
  }

  /**
   * A factor for the columns that make the queries: what is written here divides by the root of the
   * head's size, whereas Attention may say another scale.
   */
  private float queryFactor() {
    float scale = kind == Kind.ATTENTION ? node.floatAttribute("scale", 0) : 0;
    if (scale == 0) {
      return 1;
    }
    double head = (double) queryColumns() / node.longAttribute("num_heads", 1);
    return (float) (scale * Math.sqrt(head));
  }
}
