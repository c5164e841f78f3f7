package dev.hone.onnx.graph;

import java.nio.ByteBuffer;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/** Reads one {@code TensorProto}. Its elements stay where they are. */
final class TensorParser {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int SEGMENT = 3;
  private static final int NAME = 8;
  private static final int EXTERNAL = 1;

  private final @Nullable Path folder;
  private final LongStream.Builder dims = LongStream.builder();
  private final List<RawField> rest = new ArrayList<>();
  private final List<RawField> externalFields = new ArrayList<>();
  private final Map<String, String> external = new HashMap<>();
  private final List<ByteBuffer> strings = new ArrayList<>();
  private final List<RawField> typed = new ArrayList<>();
  private @Nullable ByteBuffer raw;
  private String name = "";
  private int typeCode;
  private boolean isExternal;

  private TensorParser(@Nullable Path folder) {
    this.folder = folder;
  }

  /**
   * Reads a tensor.
   *
   * @param folder where external data lies, or null
   */
  static TensorData parse(WireReader reader, @Nullable Path folder) {
    ByteBuffer origin = WireReader.whole(reader);
    TensorParser parser = new TensorParser(folder);
    while (reader.next()) {
      parser.take(reader);
    }
    return parser.finish(origin);
  }

  private void take(WireReader reader) {
    switch (reader.field()) {
      case DIMS -> reader.varints(dims::add);
      case DATA_TYPE -> typeCode = (int) reader.varint();
      case NAME -> name = reader.string();
      case Storage.Inline.RAW_DATA -> raw = reader.bytes();
      case Storage.Strings.STRING_DATA -> strings.add(reader.bytes());
      case TypedValues.FLOAT_DATA,
          TypedValues.INT32_DATA,
          TypedValues.INT64_DATA,
          TypedValues.DOUBLE_DATA,
          TypedValues.UINT64_DATA ->
          typed.add(reader.raw());
      case ExternalBytes.EXTERNAL_DATA -> {
        takeEntry(reader.message());
        externalFields.add(reader.current());
      }
      case ExternalBytes.DATA_LOCATION -> {
        isExternal = reader.varint() == EXTERNAL;
        externalFields.add(reader.current());
      }
      case SEGMENT ->
          throw reader.malformed("a tensor in segments is something that no runtime reads");
      default -> rest.add(reader.raw());
    }
  }

  private void takeEntry(WireReader entry) {
    Map.Entry<String, String> pair = StringPairs.parse(entry);
    external.put(pair.getKey(), pair.getValue());
  }

  private TensorData finish(ByteBuffer origin) {
    long[] lengths = dims.build().toArray();
    return new TensorData(name, typeCode, lengths, storage(lengths), rest, origin);
  }

  private Storage storage(long[] lengths) {
    int kinds =
        (isExternal ? 1 : 0) + (raw != null ? 1 : 0) + (strings.isEmpty() ? 0 : 1) + typedKinds();
    if (kinds > 1) {
      throw new MalformedException("the tensor '" + name + "' holds its elements twice");
    }
    if (isExternal) {
      return externalBytes(lengths);
    }
    if (typeCode == ElementTypes.STRING) {
      return new Storage.Strings(List.copyOf(strings));
    }
    if (!typed.isEmpty()) {
      return typedValues();
    }
    return new Storage.Inline(raw != null ? raw : ByteBuffer.allocate(0));
  }

  private int typedKinds() {
    return (int) typed.stream().mapToInt(RawField::number).distinct().count();
  }

  private TypedValues typedValues() {
    int field = typed.get(0).number();
    if (field != fieldOf(typeCode)) {
      throw new MalformedException(
          "the tensor '"
              + name
              + "' of "
              + ElementTypes.name(typeCode)
              + " holds its elements in field "
              + field
              + ", which is for other types");
    }
    boolean floats = field == TypedValues.FLOAT_DATA;
    boolean doubles = field == TypedValues.DOUBLE_DATA;
    int elementBytes =
        floats
            ? Float.BYTES
            : doubles ? Double.BYTES : (int) Math.max(1, ElementTypes.byteSize(typeCode, 1));
    TypedValues values = new TypedValues(elementBytes);
    typed.forEach(values::add);
    return values;
  }

  /** The field that holds elements of this type, by the table in {@code onnx.proto}. */
  private static int fieldOf(int typeCode) {
    return switch (typeCode) {
      case 1, 14 -> TypedValues.FLOAT_DATA;
      case 7 -> TypedValues.INT64_DATA;
      case 11, 15 -> TypedValues.DOUBLE_DATA;
      case 12, 13 -> TypedValues.UINT64_DATA;
      default -> TypedValues.INT32_DATA;
    };
  }

  private ExternalBytes externalBytes(long[] lengths) {
    String path = external.getOrDefault("location", "");
    ExternalBytes.Location location =
        new ExternalBytes.Location(path, number("offset", 0), number("length", -1));
    long byteSize = location.length();
    if (byteSize < 0) {
      byteSize = TensorCheck.wantedBytes(name, typeCode, lengths);
    }
    return new ExternalBytes(location, resolve(path), byteSize, externalFields);
  }

  private @Nullable Path resolve(String path) {
    try {
      return folder == null ? null : folder.resolve(path);
    } catch (InvalidPathException e) {
      throw new MalformedException(
          "the tensor '" + name + "' lies in a file whose name no file can have: " + path);
    }
  }

  private long number(String key, long absent) {
    String text = external.get(key);
    if (text == null) {
      return absent;
    }
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new MalformedException(
          "the external data of the tensor '"
              + name
              + "' has the "
              + key
              + " '"
              + text
              + "', which is no number");
    }
  }
}
