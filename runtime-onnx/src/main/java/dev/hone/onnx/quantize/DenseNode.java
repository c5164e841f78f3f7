package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A node that multiplies a value by a constant matrix, {@code y = x W + b}, whichever operator
 * writes it: MatMul with or without an Add behind it, Gemm, or the three projections of an
 * Attention.
 *
 * @param node the node
 * @param kind its operator
 * @param weight the matrix as the model holds it
 * @param inner rows of W: what is summed over
 * @param outputs columns of W
 * @param bias the constant b as the model holds it, or null
 * @param add the Add that brings the bias, or null
 */
record DenseNode(
    Node node,
    Kind kind,
    TensorData weight,
    int inner,
    int outputs,
    @Nullable TensorData bias,
    @Nullable Node add) {
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
    TensorData weight = graph.constant(node.input(1));
    if (weight == null) {
      return graph.initializer(node.input(1)) != null
          ? "Its weight is an input too: callers can override it."
          : "Its second input is no constant.";
    }
    if (weight.type() != DataType.FLOAT32 || weight.shape().rank() != 2) {
      return "Its weight is " + weight + ", not a matrix of floats.";
    }
    if (weight.byteSize() > Integer.MAX_VALUE) {
      return "Its weight takes more than 2 GiB.";
    }
    return switch (kind) {
      case MATMUL -> null;
      case GEMM -> gemmObjection(graph, node, weight);
      case ATTENTION -> attentionObjection(graph, node, weight);
    };
  }

  private static @Nullable String gemmObjection(Graph graph, Node node, TensorData weight) {
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
    long columns = weight.shape().length(node.longAttribute("transB", 0) != 0 ? 0 : 1);
    long count = bias.shape().elementCount();
    boolean row = count == columns && bias.shape().length(bias.shape().rank() - 1) == columns;
    return row || count == 1 ? null : "Its third input is not one row: " + bias.shape() + ".";
  }

  private static @Nullable String attentionObjection(Graph graph, Node node, TensorData weight) {
    for (int i = 4; i < node.inputs().size(); i++) {
      if (node.hasInput(i)) {
        return "It has an input that integer Attention has not: '" + node.input(i) + "'.";
      }
    }
    if (!node.output(1).isEmpty()) {
      return "It gives its keys and values, which integer Attention does another way.";
    }
    if (node.longAttribute("do_rotary", 0) != 0 || node.attribute("qkv_hidden_sizes") != null) {
      return "It rotates, or its projections have sizes of their own: integer Attention does"
          + " neither.";
    }
    if (weight.shape().length(1) != 3 * weight.shape().length(0)) {
      return "Its weight " + weight.shape() + " is not three squares side by side.";
    }
    if (node.hasInput(2) && graph.constant(node.input(2)) == null) {
      return "Its bias is no constant.";
    }
    return null;
  }

  /** The product that a node is; there must be no {@link #objection}. */
  static DenseNode of(Graph graph, Node node, Kind kind) {
    TensorData weight = graph.constant(node.input(1));
    if (weight == null) {
      throw new IllegalStateException(node.label() + " has no constant weight.");
    }
    boolean flipped = kind == Kind.GEMM && node.longAttribute("transB", 0) != 0;
    int inner = (int) weight.shape().length(flipped ? 1 : 0);
    int outputs = (int) weight.shape().length(flipped ? 0 : 1);
    if (kind != Kind.MATMUL) {
      return new DenseNode(node, kind, weight, inner, outputs, graph.constant(node.input(2)), null);
    }
    Node add = biasAdd(graph, node, outputs);
    return new DenseNode(
        node, kind, weight, inner, outputs, add == null ? null : addedTo(graph, node, add), add);
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

  /** How choices call the node. */
  String label() {
    return label(node);
  }

  /** How choices call a node: by its name, or by its first output where it has none. */
  static String label(Node node) {
    return node.name().isEmpty() ? node.output(0) : node.name();
  }

  /** W, row by row, with the factors that the operator has. */
  float[] matrix() {
    float[] held = weight.toFloats();
    float alpha = kind == Kind.GEMM ? node.floatAttribute("alpha", 1) : 1;
    float query = queryFactor();
    boolean flipped = kind == Kind.GEMM && node.longAttribute("transB", 0) != 0;
    if (alpha == 1 && query == 1 && !flipped) {
      return held;
    }
    float[] matrix = new float[held.length];
    for (int i = 0; i < inner; i++) {
      for (int j = 0; j < outputs; j++) {
        float factor = j < outputs / 3 ? alpha * query : alpha;
        matrix[i * outputs + j] = factor * held[flipped ? j * inner + i : i * outputs + j];
      }
    }
    return matrix;
  }

  /** b with one number for each column, or null if there is none. */
  float @Nullable [] biasRow() {
    if (bias == null) {
      return kind == Kind.ATTENTION ? new float[outputs] : null;
    }
    float beta = kind == Kind.GEMM ? node.floatAttribute("beta", 1) : 1;
    float query = queryFactor();
    float[] held = bias.toFloats();
    float[] row = new float[outputs];
    for (int j = 0; j < outputs; j++) {
      float factor = j < outputs / 3 ? beta * query : beta;
      row[j] = factor * held[held.length == 1 ? 0 : j];
    }
    return row;
  }

  /** Gives the node another W, row by row; what others read stays as it is. */
  void putMatrix(Graph graph, float[] matrix, int columns) {
    String name = weight.name() + "_changed";
    Shape shape = Shape.of(matrix.length / columns, columns);
    node.setInput(1, graph.addInitializer(name, TensorData.ofFloats(name, shape, matrix)));
    if (kind == Kind.GEMM) {
      node.put(Attribute.of("alpha", 1f)).put(Attribute.of("transB", 0));
    }
    node.removeAttribute("scale");
  }

  /** Gives the node another b; it must have one. */
  void putBias(Graph graph, float[] row) {
    String name = (bias == null ? weight.name() + "_bias" : bias.name()) + "_changed";
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

  /** The attributes that integer Attention has too. */
  Attribute[] attentionAttributes() {
    return node.attributes().stream()
        .filter(a -> List.of("num_heads", "unidirectional", "mask_filter_value").contains(a.name()))
        .toArray(Attribute[]::new);
  }

  /**
   * A factor for the columns that make the queries: integer Attention always divides by the root of
   * the head's size, whereas Attention may say another scale.
   */
  private float queryFactor() {
    float scale = kind == Kind.ATTENTION ? node.floatAttribute("scale", 0) : 0;
    if (scale == 0) {
      return 1;
    }
    double head = outputs / 3.0 / node.longAttribute("num_heads", 1);
    return (float) (scale * Math.sqrt(head));
  }
}
