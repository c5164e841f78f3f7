package dev.hone.onnx.graph;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tensor that is part of a model: a weight, or a constant. Immutable.
 *
 * <p>Its elements are seen through views of the model's file or of the buffer that it was made
 * from, and are little-endian as ONNX wants them.
 */
public final class TensorData {
  private static final int DIMS = 1;
  private static final int DATA_TYPE = 2;
  private static final int NAME = 8;
  private static final int LARGE_BYTES = 1 << 20;

  private final String name;
  private final int typeCode;
  private final long[] dims;
  private final Storage storage;
  private final List<RawField> rest;
  private final @Nullable ByteBuffer origin;

  /**
   * A tensor as it was read, or a new one.
   *
   * @param rest fields that say nothing about name, type, shape or elements
   * @param origin the whole message as it was read, or null
   */
  TensorData(
      String name,
      int typeCode,
      long[] dims,
      Storage storage,
      List<RawField> rest,
      @Nullable ByteBuffer origin) {
    this.name = name;
    this.typeCode = typeCode;
    this.dims = dims;
    this.storage = storage;
    this.rest = rest;
    this.origin = origin;
  }

  /**
   * A tensor over bytes that the caller will not change.
   *
   * @param bytes little-endian, from position to limit; not copied
   * @throws IllegalArgumentException if type and shape want another number of bytes
   */
  public static TensorData of(String name, DataType type, Shape shape, ByteBuffer bytes) {
    long wanted = type.byteSize(shape.elementCount());
    if (type == DataType.STRING || wanted != bytes.remaining()) {
      throw new IllegalArgumentException(
          type
              + ""
              + shape
              + " takes "
              + wanted
              + " bytes, but there are "
              + bytes.remaining()
              + ".");
    }
    Storage storage = new Storage.Inline(bytes.slice());
    return new TensorData(name, ElementTypes.code(type), shape.toArray(), storage, List.of(), null);
  }

  /** A tensor of floats, copied. */
  public static TensorData ofFloats(String name, Shape shape, float... values) {
    ByteBuffer bytes = littleEndian(values.length * (long) Float.BYTES);
    bytes.asFloatBuffer().put(values);
    return of(name, DataType.FLOAT32, shape, bytes);
  }

  /** A tensor of 64-bit integers, copied: shapes, axes and indices. */
  public static TensorData ofLongs(String name, Shape shape, long... values) {
    ByteBuffer bytes = littleEndian(values.length * (long) Long.BYTES);
    bytes.asLongBuffer().put(values);
    return of(name, DataType.INT64, shape, bytes);
  }

  /** A little-endian buffer of zeros off the heap, to be filled and given to {@link #of}. */
  public static ByteBuffer littleEndian(long byteSize) {
    return zeros(Math.toIntExact(byteSize)).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Not Java's direct memory: of that there is no more than heap, and a model may be larger. */
  private static ByteBuffer zeros(int byteSize) {
    ByteBuffer buffer = Memory.allocateBuffer(byteSize);
    byte[] zeros = new byte[Math.min(byteSize, LARGE_BYTES)];
    while (buffer.hasRemaining()) {
      buffer.put(zeros, 0, Math.min(zeros.length, buffer.remaining()));
    }
    return buffer.flip();
  }

  /** Its name; may be empty where it is an attribute. */
  public String name() {
    return name;
  }

  /** The type of its elements, or null if it is one that no tensor of Hone can hold. */
  public @Nullable DataType type() {
    return ElementTypes.type(typeCode);
  }

  /** The number that ONNX gives to the type of its elements. */
  public int typeCode() {
    return typeCode;
  }

  /** Its shape. */
  public Shape shape() {
    return Shape.of(dims);
  }

  /** The shape as the model gives it: possibly negative or too large before it is checked. */
  long[] dims() {
    return dims;
  }

  Storage storage() {
    return storage;
  }

  /** The bytes that its elements take; 0 for texts. */
  public long byteSize() {
    return storage.byteSize();
  }

  /** Whether its elements lie in a file beside the model. */
  public boolean isExternal() {
    return storage instanceof ExternalBytes;
  }

  /**
   * All bytes: a read-only little-endian view.
   *
   * @throws IllegalStateException if there are 2 GiB or more; look at parts then
   */
  public ByteBuffer bytes() {
    if (byteSize() > Integer.MAX_VALUE) {
      throw new IllegalStateException(
          "The tensor '" + name + "' has " + byteSize() + " bytes: too many for one buffer.");
    }
    return bytes(0, (int) byteSize());
  }

  /** Some of the bytes: a read-only little-endian view. */
  public ByteBuffer bytes(long offset, int length) {
    return storage.view(offset, length);
  }

  /**
   * The elements as floats, copied.
   *
   * @throws IllegalStateException if they are not {@link DataType#FLOAT32}
   */
  public float[] toFloats() {
    requireType(DataType.FLOAT32);
    ByteBuffer bytes = bytes();
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  /**
   * The elements as 64-bit integers, copied; 32-bit ones are widened.
   *
   * @throws IllegalStateException if they are neither {@link DataType#INT64} nor {@link
   *     DataType#INT32}
   */
  public long[] toLongs() {
    ByteBuffer bytes = bytes();
    if (type() == DataType.INT32) {
      int[] values = new int[bytes.remaining() / Integer.BYTES];
      bytes.asIntBuffer().get(values);
      return Arrays.stream(values).asLongStream().toArray();
    }
    requireType(DataType.INT64);
    long[] values = new long[bytes.remaining() / Long.BYTES];
    bytes.asLongBuffer().get(values);
    return values;
  }

  /**
   * The elements as texts.
   *
   * @throws IllegalStateException if they are not {@link DataType#STRING}
   */
  public List<String> toStrings() {
    if (!(storage instanceof Storage.Strings strings)) {
      throw wrongType(DataType.STRING);
    }
    return strings.values().stream()
        .map(value -> StandardCharsets.UTF_8.decode(value.duplicate()).toString())
        .toList();
  }

  private void requireType(DataType wanted) {
    if (type() != wanted) {
      throw wrongType(wanted);
    }
  }

  private IllegalStateException wrongType(DataType wanted) {
    return new IllegalStateException(
        "The tensor '" + name + "' holds " + ElementTypes.name(typeCode) + ", not " + wanted + ".");
  }

  /** The same elements under another name. */
  public TensorData withName(String newName) {
    return newName.equals(name)
        ? this
        : new TensorData(newName, typeCode, dims, storage, rest, null);
  }

  /** The same tensor with its elements elsewhere: for writing them to another file. */
  TensorData withStorage(Storage newStorage) {
    return new TensorData(name, typeCode, dims, newStorage, rest, null);
  }

  /** Adds it to a message as a field of this number. */
  void encode(WireWriter out, int number) {
    if (origin != null) {
      out.bytes(number, origin);
      return;
    }
    WireWriter tensor = new WireWriter();
    tensor.varints(DIMS, dims);
    tensor.varint(DATA_TYPE, typeCode);
    tensor.stringUnlessEmpty(NAME, name);
    storage.encode(tensor);
    rest.forEach(tensor::raw);
    out.message(number, tensor);
  }

  /** For example {@code weight FLOAT32[384, 1536]}. */
  @Override
  public String toString() {
    return (name.isEmpty() ? "" : name + " ") + ElementTypes.name(typeCode) + Arrays.toString(dims);
  }
}
