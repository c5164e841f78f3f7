package dev.hone.onnx.graph;

import dev.hone.onnx.graph.Attribute.Kind;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Reads and writes {@code AttributeProto}. */
final class AttributeCodec {
  private static final int NAME = 1;
  private static final int FLOAT = 2;
  private static final int INT = 3;
  private static final int STRING = 4;
  private static final int TENSOR = 5;
  private static final int GRAPH = 6;
  private static final int FLOATS = 7;
  private static final int INTS = 8;
  private static final int STRINGS = 9;
  private static final int TENSORS = 10;
  private static final int GRAPHS = 11;
  private static final int TYPE = 20;
  private static final int REFERENCE = 21;

  private static final Kind[] KIND_OF_FIELD = {
    Kind.OTHER,
    Kind.OTHER,
    Kind.FLOAT,
    Kind.INT,
    Kind.STRING,
    Kind.TENSOR,
    Kind.GRAPH,
    Kind.FLOATS,
    Kind.INTS,
    Kind.STRINGS,
    Kind.TENSORS,
    Kind.GRAPHS
  };

  private final @Nullable Path folder;
  private final List<Float> floats = new ArrayList<>();
  private final LongStream.Builder ints = LongStream.builder();
  private final List<ByteBuffer> strings = new ArrayList<>();
  private final List<TensorData> tensors = new ArrayList<>();
  private final List<Graph> graphs = new ArrayList<>();
  private String name = "";
  private float oneFloat;
  private long oneInt;
  private ByteBuffer oneString = ByteBuffer.allocate(0);
  private @Nullable TensorData oneTensor;
  private @Nullable Graph oneGraph;
  private long type;
  private Kind seen = Kind.OTHER;
  private boolean reference;

  private AttributeCodec(@Nullable Path folder) {
    this.folder = folder;
  }

  /** Reads an attribute; {@code folder} is where external data lies, or null. */
  static Attribute parse(WireReader reader, @Nullable Path folder) {
    ByteBuffer origin = WireReader.whole(reader);
    AttributeCodec codec = new AttributeCodec(folder);
    while (reader.next()) {
      codec.take(reader);
    }
    Kind kind = codec.kind();
    return new Attribute(codec.name, kind, codec.value(kind), origin);
  }

  private void take(WireReader reader) {
    switch (reader.field()) {
      case NAME -> name = reader.string();
      case TYPE -> type = reader.varint();
      case REFERENCE -> {
        reader.raw();
        reference = true;
      }
      case FLOAT, INT, STRING, TENSOR, GRAPH -> takeOne(reader);
      case FLOATS, INTS, STRINGS, TENSORS, GRAPHS -> takeMany(reader);
      default -> reader.raw();
    }
  }

  private void takeOne(WireReader reader) {
    switch (reader.field()) {
      case FLOAT -> oneFloat = reader.float32();
      case INT -> oneInt = reader.varint();
      case STRING -> oneString = reader.bytes();
      case TENSOR -> {
        requireFirst(reader, oneTensor);
        oneTensor = TensorParser.parse(reader.message(), folder);
      }
      default -> {
        requireFirst(reader, oneGraph);
        oneGraph = GraphCodec.parse(reader.message(), folder);
      }
    }
    seen = KIND_OF_FIELD[reader.field()];
  }

  private void takeMany(WireReader reader) {
    switch (reader.field()) {
      case FLOATS -> reader.fixed32s(bits -> floats.add(Float.intBitsToFloat(bits)));
      case INTS -> reader.varints(ints::add);
      case STRINGS -> strings.add(reader.bytes());
      case TENSORS -> tensors.add(TensorParser.parse(reader.message(), folder));
      default -> graphs.add(GraphCodec.parse(reader.message(), folder));
    }
    seen = KIND_OF_FIELD[reader.field()];
  }

  private static void requireFirst(WireReader reader, @Nullable Object before) {
    if (before != null) {
      throw reader.malformed("an attribute has one value, but this is its second");
    }
  }

  /** What the attribute says it is; the oldest models do not say, and are taken at their data. */
  private Kind kind() {
    if (reference) {
      return Kind.OTHER;
    }
    Kind kind = type == 0 ? seen : Kind.of(type);
    boolean missing =
        (kind == Kind.TENSOR && oneTensor == null) || (kind == Kind.GRAPH && oneGraph == null);
    if (missing) {
      throw new MalformedException(
          "the attribute '" + name + "' says that it is a " + kind + ", but holds none");
    }
    return kind;
  }

  private Object value(Kind kind) {
    Object value =
        switch (kind) {
          case FLOAT -> oneFloat;
          case INT -> oneInt;
          case STRING -> oneString;
          case TENSOR -> oneTensor;
          case GRAPH -> oneGraph;
          case FLOATS -> floatArray();
          case INTS -> ints.build().toArray();
          case STRINGS -> List.copyOf(strings);
          case TENSORS -> List.copyOf(tensors);
          case GRAPHS -> List.copyOf(graphs);
          case OTHER -> "";
        };
    return value == null ? "" : value;
  }

  private float[] floatArray() {
    float[] values = new float[floats.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = floats.get(i);
    }
    return values;
  }

  /** Adds an attribute to a node as a field of this number. */
  static void encode(Attribute attribute, WireWriter out, int number) {
    ByteBuffer untouched = attribute.untouched();
    if (untouched != null) {
      out.bytes(number, untouched);
      return;
    }
    WireWriter message = new WireWriter();
    message.string(NAME, attribute.name());
    message.varint(TYPE, attribute.kind().code());
    encodeValue(attribute, message);
    out.message(number, message);
  }

  private static void encodeValue(Attribute attribute, WireWriter message) {
    switch (attribute.kind()) {
      case FLOAT -> message.float32(FLOAT, attribute.asFloat());
      case INT -> message.varint(INT, attribute.asLong());
      case STRING -> message.bytes(STRING, (ByteBuffer) attribute.value());
      case TENSOR -> attribute.asTensor().encode(message, TENSOR);
      case GRAPH -> message.message(GRAPH, GraphCodec.encode(attribute.graphs().get(0)));
      case FLOATS -> {
        for (float value : attribute.asFloats()) {
          message.float32(FLOATS, value);
        }
      }
      case INTS -> message.varints(INTS, attribute.asLongs());
      case STRINGS -> attribute.asStrings().forEach(value -> message.string(STRINGS, value));
      case TENSORS -> attribute.tensors().forEach(tensor -> tensor.encode(message, TENSORS));
      case GRAPHS -> attribute.graphs().forEach(g -> message.message(GRAPHS, GraphCodec.encode(g)));
      case OTHER ->
          throw new IllegalStateException("'" + attribute.name() + "' can only be kept as it is.");
    }
  }
}
