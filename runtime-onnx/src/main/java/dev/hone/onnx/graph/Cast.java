package dev.hone.onnx.graph;

import dev.hone.DataType;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The operator {@code Cast}, which names the type it converts to by one of ONNX's numbers. */
public final class Cast {
  private static final String TO = "to";

  private Cast() {}

  /** A node that converts one value into another. */
  public static Node of(String from, String result, DataType type) {
    return Node.of("Cast", List.of(from), List.of(result), to(type));
  }

  /** The attribute with the type to convert to. */
  public static Attribute to(DataType type) {
    return Attribute.of(TO, (long) ElementTypes.code(type));
  }

  /** What a node converts to; null if it is no such node, or Hone has no such type. */
  public static @Nullable DataType type(Node node) {
    return node.is("Cast") ? ElementTypes.type((int) node.longAttribute(TO, 0)) : null;
  }
}
