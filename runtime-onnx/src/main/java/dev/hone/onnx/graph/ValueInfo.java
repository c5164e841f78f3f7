package dev.hone.onnx.graph;

import dev.hone.DataType;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Kind;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a model says about one of its values: a name, a type, a shape. Immutable. */
public final class ValueInfo {
  private static final int NAME = 1;
  private static final int TYPE = 2;
  private static final int TENSOR_TYPE = 1;
  private static final int ELEMENT_TYPE = 1;
  private static final int SHAPE = 2;
  private static final int DIMENSION = 1;
  private static final int DIMENSION_VALUE = 1;
  private static final int DIMENSION_SYMBOL = 2;

  private final String name;
  private final ValueType type;
  private final @Nullable ByteBuffer origin;
  private final List<RawField> rest;

  /**
   * As it was read, or new.
   *
   * @param origin the whole message as it was read, or null
   * @param rest its fields without the name; only used with no origin
   */
  ValueInfo(String name, ValueType type, @Nullable ByteBuffer origin, List<RawField> rest) {
    this.name = name;
    this.type = type;
    this.origin = origin;
    this.rest = rest;
  }

  /** A tensor of this name, type and shape. */
  public static ValueInfo tensor(String name, DataType type, Dimension... dimensions) {
    return tensor(name, type, List.of(dimensions));
  }

  /**
   * A tensor of this name, type and shape.
   *
   * @param dimensions the dimensions, or null where their number is not known
   */
  public static ValueInfo tensor(String name, DataType type, @Nullable List<Dimension> dimensions) {
    ValueType valueType = ValueType.tensor(type, dimensions);
    return new ValueInfo(name, valueType, null, List.of(encodeType(type, dimensions)));
  }

  /** The value's name. */
  public String name() {
    return name;
  }

  /** What the value is. */
  public ValueType type() {
    return type;
  }

  /**
   * As an input or output of a signature.
   *
   * @param hasDefault whether the model holds a value for it
   */
  public Signature.Value toValue(boolean hasDefault) {
    boolean optional = hasDefault || type.optional();
    return new Signature.Value(name, type.kind(), type.type(), type.dimensions(), optional);
  }

  /** The same type under another name. */
  public ValueInfo withName(String newName) {
    if (newName.equals(name)) {
      return this;
    }
    return new ValueInfo(newName, type, null, origin == null ? rest : fieldsButName(origin));
  }

  private static List<RawField> fieldsButName(ByteBuffer origin) {
    List<RawField> fields = new ArrayList<>();
    WireReader reader = WireReader.of(origin);
    while (reader.next()) {
      RawField field = reader.raw();
      if (field.number() != NAME) {
        fields.add(field);
      }
    }
    return fields;
  }

  /** Adds it to a message as a field of this number. */
  void encode(WireWriter out, int number) {
    if (origin != null) {
      out.bytes(number, origin);
      return;
    }
    WireWriter info = new WireWriter();
    info.string(NAME, name);
    rest.forEach(info::raw);
    out.message(number, info);
  }

  private static RawField encodeType(DataType type, @Nullable List<Dimension> dimensions) {
    WireWriter tensor = new WireWriter();
    tensor.varint(ELEMENT_TYPE, ElementTypes.code(type));
    if (dimensions != null) {
      WireWriter shape = new WireWriter();
      dimensions.forEach(dimension -> shape.message(DIMENSION, encodeDimension(dimension)));
      tensor.message(SHAPE, shape);
    }
    WireWriter holder = new WireWriter();
    holder.message(TENSOR_TYPE, tensor);
    WireWriter field = new WireWriter();
    field.message(TYPE, holder);
    return new RawField(TYPE, field.toBuffer());
  }

  private static WireWriter encodeDimension(Dimension dimension) {
    WireWriter out = new WireWriter();
    dimension.length().ifPresent(length -> out.varint(DIMENSION_VALUE, length));
    dimension.symbol().ifPresent(symbol -> out.string(DIMENSION_SYMBOL, symbol));
    return out;
  }

  /** Reads one {@code ValueInfoProto}. */
  static ValueInfo parse(WireReader reader) {
    ByteBuffer origin = WireReader.whole(reader);
    String name = "";
    ValueType type = new ValueType(Kind.OTHER, null, null);
    while (reader.next()) {
      switch (reader.field()) {
        case NAME -> name = reader.string();
        case TYPE -> type = ValueType.parse(reader.message());
        default -> reader.raw();
      }
    }
    return new ValueInfo(name, type, origin, List.of());
  }

  /** For example {@code input_ids INT64[batch, sequence]}. */
  @Override
  public String toString() {
    return name + " " + type;
  }
}
