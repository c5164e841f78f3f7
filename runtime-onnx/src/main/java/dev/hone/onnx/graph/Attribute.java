package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A named constant of a node. Immutable, but for the nodes inside a graph that it holds.
 *
 * <p>Kinds that no rewrite needs (sparse tensors, types, references to a function's attribute) are
 * kept and written back as they are.
 */
public final class Attribute {
  private final String name;
  private final Kind kind;
  private final Object value;
  private final @Nullable ByteBuffer origin;

  /** What an attribute holds. */
  public enum Kind {
    /** Something that is kept as it is. */
    OTHER(0),
    /** One float. */
    FLOAT(1),
    /** One integer. */
    INT(2),
    /** One text. */
    STRING(3),
    /** One tensor. */
    TENSOR(4),
    /** One graph: the body of a loop, a branch. */
    GRAPH(5),
    /** A list of floats. */
    FLOATS(6),
    /** A list of integers. */
    INTS(7),
    /** A list of texts. */
    STRINGS(8),
    /** A list of tensors. */
    TENSORS(9),
    /** A list of graphs. */
    GRAPHS(10);

    private final int code;

    Kind(int code) {
      this.code = code;
    }

    /** Its number in {@code AttributeProto.AttributeType}. */
    int code() {
      return code;
    }

    /** The kind of this number; {@link #OTHER} for those that are kept as they are. */
    static Kind of(long code) {
      return Arrays.stream(values()).filter(kind -> kind.code == code).findFirst().orElse(OTHER);
    }
  }

  Attribute(String name, Kind kind, Object value, @Nullable ByteBuffer origin) {
    this.name = name;
    this.kind = kind;
    this.value = value;
    this.origin = origin;
  }

  /** An integer. */
  public static Attribute of(String name, long value) {
    return new Attribute(name, Kind.INT, value, null);
  }

  /** A float. */
  public static Attribute of(String name, float value) {
    return new Attribute(name, Kind.FLOAT, value, null);
  }

  /** A text. */
  public static Attribute of(String name, String value) {
    ByteBuffer bytes = ByteBuffer.wrap(value.getBytes(StandardCharsets.UTF_8));
    return new Attribute(name, Kind.STRING, bytes, null);
  }

  /** Integers. */
  public static Attribute of(String name, long... values) {
    return new Attribute(name, Kind.INTS, values.clone(), null);
  }

  /** Floats. */
  public static Attribute of(String name, float... values) {
    return new Attribute(name, Kind.FLOATS, values.clone(), null);
  }

  /** A tensor. */
  public static Attribute of(String name, TensorData value) {
    return new Attribute(name, Kind.TENSOR, value, null);
  }

  /** A graph, which from now on belongs to the node that gets this attribute. */
  public static Attribute of(String name, Graph value) {
    return new Attribute(name, Kind.GRAPH, value, null);
  }

  /** Its name. */
  public String name() {
    return name;
  }

  /** What it holds. */
  public Kind kind() {
    return kind;
  }

  /** The value of an {@link Kind#INT}. */
  public long asLong() {
    return as(Long.class, Kind.INT);
  }

  /** The value of a {@link Kind#FLOAT}. */
  public float asFloat() {
    return as(Float.class, Kind.FLOAT);
  }

  /** The value of a {@link Kind#STRING}. */
  public String asString() {
    return StandardCharsets.UTF_8.decode(as(ByteBuffer.class, Kind.STRING).duplicate()).toString();
  }

  /** The value of {@link Kind#INTS}, copied. */
  public long[] asLongs() {
    return as(long[].class, Kind.INTS).clone();
  }

  /** The value of {@link Kind#FLOATS}, copied. */
  public float[] asFloats() {
    return as(float[].class, Kind.FLOATS).clone();
  }

  /** The value of {@link Kind#STRINGS}. */
  public List<String> asStrings() {
    return list(Kind.STRINGS, ByteBuffer.class).stream()
        .map(bytes -> StandardCharsets.UTF_8.decode(bytes.duplicate()).toString())
        .toList();
  }

  /** The value of a {@link Kind#TENSOR}. */
  public TensorData asTensor() {
    return as(TensorData.class, Kind.TENSOR);
  }

  /** The graphs in it: none unless it is a {@link Kind#GRAPH} or {@link Kind#GRAPHS}. */
  public List<Graph> graphs() {
    return switch (kind) {
      case GRAPH -> List.of(as(Graph.class, kind));
      case GRAPHS -> list(kind, Graph.class);
      default -> List.of();
    };
  }

  /** The tensors in it: none unless it is a {@link Kind#TENSOR} or {@link Kind#TENSORS}. */
  public List<TensorData> tensors() {
    return switch (kind) {
      case TENSOR -> List.of(asTensor());
      case TENSORS -> list(kind, TensorData.class);
      default -> List.of();
    };
  }

  private <T> T as(Class<T> type, Kind wanted) {
    requireKind(wanted);
    return type.cast(value);
  }

  private <T> List<T> list(Kind wanted, Class<T> element) {
    requireKind(wanted);
    return value instanceof List<?> list ? list.stream().map(element::cast).toList() : List.of();
  }

  private void requireKind(Kind wanted) {
    if (kind != wanted) {
      throw new IllegalStateException(
          "The attribute '" + name + "' is " + kind + ", not " + wanted + ".");
    }
  }

  Object value() {
    return value;
  }

  /** The message as it was read, or null if it is new or a graph in it was changed. */
  @Nullable ByteBuffer untouched() {
    return origin != null && graphs().stream().allMatch(Graph::isUntouched) ? origin : null;
  }

  /** The same attribute with copies of the graphs in it. */
  Attribute copy() {
    return switch (kind) {
      case GRAPH -> new Attribute(name, kind, graphs().get(0).copy(), origin);
      case GRAPHS -> new Attribute(name, kind, graphs().stream().map(Graph::copy).toList(), origin);
      default -> this;
    };
  }

  /** For example {@code axis=1}. */
  @Override
  public String toString() {
    return name + "=" + GraphPrinter.value(this);
  }
}
