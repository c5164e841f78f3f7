package dev.hone.onnx.quantize;

import dev.hone.DataType;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A constant matrix of floats, looked at where it lies: through {@code Identity} and {@code
 * Transpose} nodes, which exporters put between a weight and its use. Its elements are read row by
 * row and never all copied.
 */
final class ConstantMatrix implements MatrixRows {
  private final TensorData source;
  private final FloatBuffer elements;
  private final boolean transposed;

  private ConstantMatrix(TensorData source, boolean transposed) {
    this.source = source;
    this.elements = source.bytes().asFloatBuffer();
    this.transposed = transposed;
  }

  /**
   * The matrix that a value is, or null if it is computed, overridable, of another kind, or
   * {@linkplain #isTooLarge too large}.
   */
  static @Nullable ConstantMatrix find(Graph graph, String value) {
    String at = value;
    boolean transposed = false;
    for (Node node = graph.producer(at); node != null; node = graph.producer(at)) {
      if (isTransposition(node)) {
        transposed = !transposed;
      } else if (!node.is("Identity")) {
        break;
      }
      at = node.input(0);
    }
    TensorData source = graph.constant(at);
    return source == null || !isMatrix(source) ? null : new ConstantMatrix(source, transposed);
  }

  private static boolean isTransposition(Node node) {
    long[] order = node.longsAttribute("perm", 1, 0);
    return node.is("Transpose") && order.length == 2 && order[0] == 1 && order[1] == 0;
  }

  private static boolean isMatrix(TensorData tensor) {
    return isFloats(tensor) && tensor.byteSize() > 0 && tensor.byteSize() <= Integer.MAX_VALUE;
  }

  private static boolean isFloats(TensorData tensor) {
    return tensor.type() == DataType.FLOAT32 && tensor.shape().rank() == 2;
  }

  /** Whether a value is a matrix by itself that one buffer cannot hold. */
  static boolean isTooLarge(Graph graph, String value) {
    TensorData tensor = graph.constant(value);
    return tensor != null && isFloats(tensor) && tensor.byteSize() > Integer.MAX_VALUE;
  }

  /** The same matrix with rows and columns changed over. */
  ConstantMatrix transpose() {
    return new ConstantMatrix(source, !transposed);
  }

  /**
   * The nodes that use it or its transpose in the end, seen through the same nodes as {@link
   * #find}, or null if it is an output of the graph too.
   */
  @Nullable List<Node> users(Graph graph) {
    List<Node> users = new ArrayList<>();
    return collect(graph, source.name(), users) ? users : null;
  }

  private static boolean collect(Graph graph, String value, List<Node> users) {
    boolean inside = !graph.isOutput(value);
    for (Node user : graph.consumers(value)) {
      if (user.is("Identity") || isTransposition(user)) {
        inside &= collect(graph, user.output(0), users);
      } else {
        users.add(user);
      }
    }
    return inside;
  }

  /** Whether no element is infinite or not a number. */
  boolean isFinite() {
    for (int i = 0; i < elements.capacity(); i++) {
      if (!Float.isFinite(elements.get(i))) {
        return false;
      }
    }
    return true;
  }

  /** What it is, so that one matrix met twice is quantized once. */
  String key() {
    return source.name() + (transposed ? " transposed" : "");
  }

  /** The name of the tensor behind it. */
  String name() {
    return source.name();
  }

  /** The bytes it takes as floats. */
  long byteSize() {
    return source.byteSize();
  }

  @Override
  public int rows() {
    return (int) source.shape().length(transposed ? 1 : 0);
  }

  @Override
  public int columns() {
    return (int) source.shape().length(transposed ? 0 : 1);
  }

  @Override
  public void read(int row, float[] into) {
    int columns = columns();
    if (!transposed) {
      elements.get(row * columns, into, 0, columns);
      return;
    }
    int rows = rows();
    for (int i = 0; i < columns; i++) {
      into[i] = elements.get(i * rows + row);
    }
  }
}
