package dev.hone.onnx.graph;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a value is, as far as it is known.
 *
 * @param kind tensor or another kind
 * @param type the type of its elements (of the innermost ones for a sequence or map), or null where
 *     unknown or none that Hone has
 * @param dimensions its dimensions, or null where not even their number is known
 * @param optional whether there may be no value, which ONNX calls an optional type
 */
public record ValueType(
    Kind kind, @Nullable DataType type, @Nullable List<Dimension> dimensions, boolean optional) {
  /** A tensor of which nothing is known. */
  public static final ValueType UNKNOWN = new ValueType(Kind.TENSOR, null, null);

  private static final int TENSOR_TYPE = 1;
  private static final int SEQUENCE_TYPE = 4;
  private static final int MAP_TYPE = 5;
  private static final int SPARSE_TENSOR_TYPE = 8;
  private static final int OPTIONAL_TYPE = 9;

  /** Copies the dimensions. */
  public ValueType {
    dimensions = dimensions == null ? null : List.copyOf(dimensions);
  }

  /** Of a value that is always there. */
  public ValueType(Kind kind, @Nullable DataType type, @Nullable List<Dimension> dimensions) {
    this(kind, type, dimensions, false);
  }

  /** A tensor. */
  public static ValueType tensor(@Nullable DataType type, @Nullable List<Dimension> dimensions) {
    return new ValueType(Kind.TENSOR, type, dimensions);
  }

  /** A tensor of a known shape. */
  public static ValueType tensor(@Nullable DataType type, Shape shape) {
    List<Dimension> dimensions = new ArrayList<>();
    for (long length : shape.toArray()) {
      dimensions.add(Dimension.of(length));
    }
    return tensor(type, dimensions);
  }

  /** The number of dimensions, if known. */
  public OptionalInt rank() {
    return dimensions == null ? OptionalInt.empty() : OptionalInt.of(dimensions.size());
  }

  /** The shape, if every dimension is a known number. */
  public Optional<Shape> fixedShape() {
    if (dimensions == null || dimensions.stream().anyMatch(d -> d.length().isEmpty())) {
      return Optional.empty();
    }
    return Optional.of(
        Shape.of(dimensions.stream().mapToLong(d -> d.length().orElseThrow()).toArray()));
  }

  /**
   * One dimension, or an unknown one.
   *
   * @param axis counted from the end if negative
   */
  public Dimension dimension(int axis) {
    if (dimensions == null) {
      return Dimension.unknown();
    }
    int index = axis < 0 ? axis + dimensions.size() : axis;
    return index < 0 || index >= dimensions.size() ? Dimension.unknown() : dimensions.get(index);
  }

  /** The length of one dimension, or -1 if it is not known; negative axes count from the end. */
  public long length(int axis) {
    return dimension(axis).length().orElse(-1);
  }

  /** Reads one {@code TypeProto}. */
  static ValueType parse(WireReader reader) {
    ValueType type = new ValueType(Kind.OTHER, null, null);
    while (reader.next()) {
      switch (reader.field()) {
        case TENSOR_TYPE -> type = parseTensor(reader.message());
        case SEQUENCE_TYPE -> type = inside(reader.message(), 1).in(Kind.SEQUENCE);
        case MAP_TYPE -> type = inside(reader.message(), 2).in(Kind.MAP);
        case OPTIONAL_TYPE -> {
          ValueType value = inside(reader.message(), 1);
          type = new ValueType(value.kind, value.type, value.dimensions, true);
        }
        case SPARSE_TENSOR_TYPE -> {
          ValueType sparse = parseTensor(reader.message());
          type = new ValueType(Kind.OTHER, sparse.type, sparse.dimensions);
        }
        default -> reader.raw();
      }
    }
    return type;
  }

  private ValueType in(Kind container) {
    return new ValueType(container, type, dimensions);
  }

  /** What a container holds, which its field {@code valueField} says. */
  private static ValueType inside(WireReader reader, int valueField) {
    ValueType value = UNKNOWN;
    while (reader.next()) {
      if (reader.field() == valueField) {
        value = parse(reader.message());
      } else {
        reader.raw();
      }
    }
    return value;
  }

  private static ValueType parseTensor(WireReader reader) {
    DataType type = null;
    List<Dimension> dimensions = null;
    while (reader.next()) {
      switch (reader.field()) {
        case 1 -> type = ElementTypes.type((int) reader.varint());
        case 2 -> dimensions = parseShape(reader.message());
        default -> reader.raw();
      }
    }
    return tensor(type, dimensions);
  }

  private static List<Dimension> parseShape(WireReader reader) {
    List<Dimension> dimensions = new ArrayList<>();
    while (reader.next()) {
      if (reader.field() == 1) {
        dimensions.add(parseDimension(reader.message()));
      } else {
        reader.raw();
      }
    }
    return dimensions;
  }

  private static Dimension parseDimension(WireReader reader) {
    Dimension dimension = Dimension.unknown();
    while (reader.next()) {
      switch (reader.field()) {
        case 1 -> {
          long length = reader.varint();
          // Some exporters write -1 for "varies"; ONNX has no word for it.
          dimension = length < 0 ? Dimension.unknown() : Dimension.of(length);
        }
        case 2 -> {
          String symbol = reader.string();
          // PaddlePaddle's exporter names every length that varies "?": a name that says nothing.
          boolean nameless = symbol.isEmpty() || symbol.equals("?");
          dimension = nameless ? Dimension.unknown() : Dimension.of(symbol);
        }
        default -> reader.raw();
      }
    }
    return dimension;
  }

  /** For example {@code FLOAT32[batch, 384]}. */
  @Override
  public String toString() {
    String shape =
        dimensions == null
            ? "[...]"
            : dimensions.stream()
                .map(Dimension::toString)
                .collect(Collectors.joining(", ", "[", "]"));
    String text = (kind == Kind.TENSOR ? "" : kind + " of ") + (type == null ? "?" : type) + shape;
    return optional ? text + " (optional)" : text;
  }
}
