package dev.hone.onnx.graph;

import dev.hone.DataType;
import dev.hone.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code Constant} nodes: what they hold, and their way into the initializers. */
public final class Constants {
  private Constants() {}

  /**
   * The tensor of a {@code Constant} node, or null if it is another node or holds something that is
   * kept as it is.
   */
  public static @Nullable TensorData tensorOf(Node node) {
    if (!node.is("Constant") || node.attributes().size() != 1) {
      return null;
    }
    Attribute attribute = node.attributes().get(0);
    return switch (attribute.name()) {
      case "value" ->
          attribute.kind() == Attribute.Kind.TENSOR
              ? attribute.asTensor().withName(node.output(0))
              : null;
      case "value_float" ->
          TensorData.ofFloats(node.output(0), Shape.scalar(), attribute.asFloat());
      case "value_floats" -> ofFloats(node.output(0), attribute.asFloats());
      case "value_int" -> TensorData.ofLongs(node.output(0), Shape.scalar(), attribute.asLong());
      case "value_ints" -> ofLongs(node.output(0), attribute.asLongs());
      default -> null;
    };
  }

  private static TensorData ofFloats(String name, float[] values) {
    return TensorData.ofFloats(name, Shape.of(values.length), values);
  }

  private static TensorData ofLongs(String name, long[] values) {
    return TensorData.ofLongs(name, Shape.of(values.length), values);
  }

  /**
   * Turns the {@code Constant} nodes of a graph, not of its subgraphs, into initializers of the
   * same name; gives how many. Names, uses and bytes stay as they are.
   */
  public static int lift(Graph graph) {
    int lifted = 0;
    for (Node node : List.copyOf(graph.nodes())) {
      TensorData tensor = tensorOf(node);
      if (tensor != null && !graph.isOutput(node.output(0))) {
        graph.putInitializer(tensor);
        graph.remove(node);
        lifted++;
      }
    }
    return lifted;
  }

  /** The one element of a float tensor of one element, or NaN if the tensor is something else. */
  public static float scalarFloat(@Nullable TensorData tensor) {
    if (tensor == null || tensor.type() != DataType.FLOAT32 || tensor.shape().elementCount() != 1) {
      return Float.NaN;
    }
    return tensor.bytes().getFloat(0);
  }

  /**
   * The elements of a small integer tensor, or null if the tensor is something else.
   *
   * @param tensor may be null
   */
  public static long @Nullable [] integers(@Nullable TensorData tensor) {
    if (tensor == null || (tensor.type() != DataType.INT64 && tensor.type() != DataType.INT32)) {
      return null;
    }
    return tensor.toLongs();
  }

  /** A little-endian copy of a tensor's bytes, to be changed. */
  public static ByteBuffer copyOf(TensorData tensor) {
    ByteBuffer copy = TensorData.littleEndian(tensor.byteSize());
    copy.put(tensor.bytes());
    return copy.flip().order(ByteOrder.LITTLE_ENDIAN);
  }
}
