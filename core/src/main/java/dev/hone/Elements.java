package dev.hone;

import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** Moves elements between Java arrays and off-heap memory, converting types on the way. */
final class Elements {
  private Elements() {}

  /** Reads or writes one element: element {@code index} of the array, at byte {@code at}. */
  @FunctionalInterface
  private interface Move {
    void element(ByteBuffer bytes, int at, int index);
  }

  /** Walks over whole elements of at least one byte each; an element never crosses a chunk. */
  private static void forEach(Memory memory, DataType type, int count, Move move) {
    int bytesEach = type.bits() / 8;
    int[] index = {0};
    memory.lend(
        0,
        (long) count * bytesEach,
        chunk -> {
          int i = index[0];
          for (int at = 0; at < chunk.capacity(); at += bytesEach) {
            move.element(chunk, at, i++);
          }
          index[0] = i;
        });
  }

  /** Copies in bulk: {@code copy} gets each chunk and the number of elements before it. */
  private static void bulk(Memory memory, long byteSize, int bytesEach, Bulk copy) {
    long[] done = {0};
    Consumer<ByteBuffer> step =
        chunk -> {
          copy.chunk(chunk, (int) (done[0] / bytesEach), chunk.capacity() / bytesEach);
          done[0] += chunk.capacity();
        };
    memory.lend(0, byteSize, step);
  }

  @FunctionalInterface
  private interface Bulk {
    void chunk(ByteBuffer chunk, int from, int count);
  }

  static void write(Memory memory, DataType type, float[] values) {
    switch (type) {
      case FLOAT32 ->
          bulk(
              memory,
              4L * values.length,
              4,
              (c, from, n) -> c.asFloatBuffer().put(values, from, n));
      case FLOAT64 ->
          forEach(memory, type, values.length, (bytes, at, i) -> bytes.putDouble(at, values[i]));
      case FLOAT16 ->
          forEach(
              memory,
              type,
              values.length,
              (bytes, at, i) -> bytes.putShort(at, HalfPrecision.floatToFloat16(values[i])));
      case BFLOAT16 ->
          forEach(
              memory,
              type,
              values.length,
              (bytes, at, i) -> bytes.putShort(at, HalfPrecision.floatToBfloat16(values[i])));
      default -> throw mismatch("float values", "written to it", type);
    }
  }

  static float[] readFloats(Memory memory, DataType type, int count) {
    float[] values = new float[count];
    switch (type) {
      case FLOAT32 ->
          bulk(memory, 4L * count, 4, (c, from, n) -> c.asFloatBuffer().get(values, from, n));
      case FLOAT64 ->
          forEach(memory, type, count, (bytes, at, i) -> values[i] = (float) bytes.getDouble(at));
      case FLOAT16 ->
          forEach(
              memory,
              type,
              count,
              (bytes, at, i) -> values[i] = HalfPrecision.float16ToFloat(bytes.getShort(at)));
      case BFLOAT16 ->
          forEach(
              memory,
              type,
              count,
              (bytes, at, i) -> values[i] = HalfPrecision.bfloat16ToFloat(bytes.getShort(at)));
      default -> throw mismatch("float values", "read from it", type);
    }
    return values;
  }

  static void write(Memory memory, DataType type, double[] values) {
    if (type != DataType.FLOAT64) {
      throw mismatch("double values", "written to it", type);
    }
    bulk(memory, 8L * values.length, 8, (c, from, n) -> c.asDoubleBuffer().put(values, from, n));
  }

  static double[] readDoubles(Memory memory, DataType type, int count) {
    double[] values = new double[count];
    if (type == DataType.FLOAT64) {
      bulk(memory, 8L * count, 8, (c, from, n) -> c.asDoubleBuffer().get(values, from, n));
      return values;
    }
    float[] floats = readFloats(memory, type, count);
    for (int i = 0; i < count; i++) {
      values[i] = floats[i];
    }
    return values;
  }

  static void write(Memory memory, DataType type, long[] values) {
    int count = values.length;
    switch (type) {
      case INT64, UINT64 ->
          bulk(memory, 8L * count, 8, (c, from, n) -> c.asLongBuffer().put(values, from, n));
      case INT32, UINT32 ->
          forEach(
              memory, type, count, (bytes, at, i) -> bytes.putInt(at, (int) fit(values[i], type)));
      case INT16, UINT16 ->
          forEach(
              memory,
              type,
              count,
              (bytes, at, i) -> bytes.putShort(at, (short) fit(values[i], type)));
      case INT8, UINT8, BOOL ->
          forEach(
              memory, type, count, (bytes, at, i) -> bytes.put(at, (byte) fit(values[i], type)));
      case INT4, UINT4 -> writeNibbles(memory, type, values);
      default -> throw mismatch("integer values", "written to it", type);
    }
  }

  private static void writeNibbles(Memory memory, DataType type, long[] values) {
    memory.lend(
        0,
        type.byteSize(values.length),
        chunk -> {
          for (int i = 0; i < values.length; i += 2) {
            int low = (int) fit(values[i], type) & 0xf;
            int high = i + 1 < values.length ? (int) fit(values[i + 1], type) & 0xf : 0;
            chunk.put(i / 2, (byte) (low | (high << 4)));
          }
        });
  }

  private static long fit(long value, DataType type) {
    boolean signed =
        switch (type) {
          case INT4, INT8, INT16, INT32 -> true;
          default -> false;
        };
    long min = signed ? -1L << (type.bits() - 1) : 0;
    long max = type == DataType.BOOL ? 1 : signed ? -min - 1 : (1L << type.bits()) - 1;
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          type + " holds " + min + " to " + max + ", but a value is " + value + ".");
    }
    return value;
  }

  static long[] readLongs(Memory memory, DataType type, int count) {
    long[] values = new long[count];
    switch (type) {
      case INT64, UINT64 ->
          bulk(memory, 8L * count, 8, (c, from, n) -> c.asLongBuffer().get(values, from, n));
      case INT32 -> forEach(memory, type, count, (bytes, at, i) -> values[i] = bytes.getInt(at));
      case UINT32 ->
          forEach(memory, type, count, (b, at, i) -> values[i] = b.getInt(at) & 0xffffffffL);
      case INT16 -> forEach(memory, type, count, (bytes, at, i) -> values[i] = bytes.getShort(at));
      case UINT16 ->
          forEach(memory, type, count, (b, at, i) -> values[i] = b.getShort(at) & 0xffff);
      case INT8, BOOL -> forEach(memory, type, count, (bytes, at, i) -> values[i] = bytes.get(at));
      case UINT8 ->
          forEach(memory, type, count, (bytes, at, i) -> values[i] = bytes.get(at) & 0xff);
      case INT4, UINT4 -> readNibbles(memory, type, values);
      default -> throw mismatch("integer values", "read from it", type);
    }
    return values;
  }

  private static void readNibbles(Memory memory, DataType type, long[] values) {
    memory.lend(
        0,
        type.byteSize(values.length),
        chunk -> {
          for (int i = 0; i < values.length; i++) {
            int nibble = (chunk.get(i / 2) >>> (i % 2 == 0 ? 0 : 4)) & 0xf;
            values[i] = type == DataType.INT4 ? (nibble ^ 8) - 8 : nibble;
          }
        });
  }

  static int[] readInts(Memory memory, DataType type, int count) {
    long[] values = readLongs(memory, type, count);
    int[] ints = new int[count];
    for (int i = 0; i < count; i++) {
      ints[i] = (int) values[i];
      boolean beyondLongs = type == DataType.UINT64 && values[i] < 0;
      if (ints[i] != values[i] || beyondLongs) {
        throw new IllegalArgumentException(
            "An int holds -2^31 to 2^31-1, but element "
                + i
                + " of this tensor of "
                + type
                + " is "
                + (beyondLongs ? Long.toUnsignedString(values[i]) : Long.toString(values[i]))
                + ". Use toLongArray"
                + (beyondLongs ? ", which keeps its bits." : "."));
      }
    }
    return ints;
  }

  static void write(Memory memory, boolean[] values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    write(memory, bytes);
  }

  static boolean[] readBooleans(Memory memory, DataType type, int count) {
    if (type != DataType.BOOL) {
      throw mismatch("truth values", "read from it", type);
    }
    byte[] bytes = readBytes(memory, count);
    boolean[] values = new boolean[count];
    for (int i = 0; i < count; i++) {
      values[i] = bytes[i] != 0;
    }
    return values;
  }

  static void write(Memory memory, byte[] bytes) {
    bulk(memory, bytes.length, 1, (chunk, from, n) -> chunk.put(bytes, from, n));
  }

  static byte[] readBytes(Memory memory, int count) {
    byte[] bytes = new byte[count];
    bulk(memory, count, 1, (chunk, from, n) -> chunk.get(bytes, from, n));
    return bytes;
  }

  static IllegalArgumentException mismatch(String values, String verb, DataType type) {
    return new IllegalArgumentException(
        "A tensor of " + type + " cannot have " + values + " " + verb + ". " + remedy(type));
  }

  /** Which methods are for a type. */
  private static String remedy(DataType type) {
    String methods =
        switch (type) {
          case STRING -> "toStringArray and copyFrom(String[])";
          case BOOL -> "toBooleanArray, toLongArray and copyFrom(long[])";
          case FLOAT64 -> "toDoubleArray, toFloatArray and copyFrom(double[])";
          case FLOAT32, FLOAT16, BFLOAT16 -> "toFloatArray and copyFrom(float[])";
          default -> "toLongArray, toLongMatrix and copyFrom(long[])";
        };
    return "The methods for " + type + " are " + methods + ".";
  }
}
