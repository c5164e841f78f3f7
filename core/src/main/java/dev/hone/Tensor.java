package dev.hone;

import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Typed elements of one shape, in memory off the Java heap. Data only: it has no arithmetic.
 *
 * <p><b>Ownership.</b> Whoever makes a tensor closes it, directly or by closing the {@link Batch}
 * that it was put in. {@code close} may be called at any time and any number of times; a run that
 * uses the tensor finishes first. Every other use of a closed tensor is an {@link
 * IllegalStateException}.
 *
 * <p><b>Memory.</b> Elements lie row by row, little-endian, from an address that is a multiple of
 * 64 on. The {@code of} methods copy the values they are given; {@link #wrap} does not. The {@code
 * ...View} methods give buffers that share the memory and keep it alive: closing the tensor leaves
 * them readable, and the memory then goes when the garbage collector finds them unreachable. Prefer
 * the copying {@code to...Array} methods where memory must go at once. A tensor may hold more than
 * 2 GiB; then arrays and views cover parts of it only. {@link DataType#STRING} elements are Java
 * strings on the heap.
 *
 * <p><b>Devices.</b> The memory may be that of a GPU, for tensors that stay there between runs: see
 * {@code GpuMemory} of hone-runtime-cuda. Such a tensor goes into and out of runs of sessions on
 * that GPU; what would read or write it from Java, or run it elsewhere, is refused.
 *
 * <p><b>Threads.</b> Safe to share. Who writes elements while a run reads them gets undefined
 * results.
 */
public final class Tensor implements AutoCloseable {
  private final DataType type;
  private final Shape shape;
  private final Memory memory;
  private final String @Nullable [] strings;

  private Tensor(DataType type, Shape shape, Memory memory, String @Nullable [] strings) {
    this.type = type;
    this.shape = shape;
    this.memory = memory;
    this.strings = strings;
  }

  /** A tensor of zeros, or of empty strings. */
  public static Tensor allocate(DataType type, Shape shape) {
    if (type == DataType.STRING) {
      String[] empty = new String[arrayLength(shape, DataType.STRING)];
      Arrays.fill(empty, "");
      return new Tensor(type, shape, allocateMemory(0), empty);
    }
    return new Tensor(type, shape, allocateMemory(byteSize(type, shape)), null);
  }

  private static long byteSize(DataType type, Shape shape) {
    try {
      return type.byteSize(shape.elementCount());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "A tensor may have at most 2^63-1 bytes, but " + type + shape + " has more.", e);
    }
  }

  private static Memory allocateMemory(long byteSize) {
    try {
      return Memory.allocate(byteSize);
    } catch (OutOfMemoryError e) {
      throw new HoneException.OutOfMemoryException(
          "No native memory for a tensor of " + byteSize + " bytes. " + e.getMessage(), e);
    }
  }

  /**
   * A tensor over memory that it takes over: closing the tensor closes the memory. For runtimes,
   * and for tensors that reuse pooled memory.
   *
   * @throws IllegalArgumentException if the memory is too small, or the type is STRING
   */
  public static Tensor of(DataType type, Shape shape, Memory memory) {
    long needed = byteSize(type, shape);
    if (type == DataType.STRING || memory.byteSize() < needed) {
      throw new IllegalArgumentException(
          "A tensor "
              + type
              + shape
              + " needs "
              + needed
              + " bytes of memory, but there are only "
              + memory.byteSize()
              + ".");
    }
    return new Tensor(type, shape, memory, null);
  }

  /**
   * A tensor over a direct buffer's bytes from position to limit, without copying. The buffer must
   * not be changed while a run uses it.
   *
   * @throws IllegalArgumentException if the buffer is on the heap, not in native byte order, or too
   *     small
   */
  public static Tensor wrap(DataType type, Shape shape, ByteBuffer buffer) {
    if (type == DataType.STRING) {
      throw new IllegalArgumentException("Strings are not in buffers; use Tensor.of(String[]).");
    }
    if (buffer.order() != ByteOrder.nativeOrder()) {
      throw new IllegalArgumentException(
          "A buffer must be in native byte order, "
              + ByteOrder.nativeOrder()
              + ", but is "
              + buffer.order()
              + ". Call buffer.order(ByteOrder.nativeOrder()) before filling it.");
    }
    long needed = byteSize(type, shape);
    if (buffer.remaining() < needed) {
      throw new IllegalArgumentException(
          "A tensor "
              + type
              + shape
              + " needs "
              + needed
              + " bytes, but the buffer has "
              + buffer.remaining()
              + " from position "
              + buffer.position()
              + " to its limit.");
    }
    return new Tensor(type, shape, Memory.wrap(buffer), null);
  }

  /** FLOAT32 values, as one dimension or of the given shape. */
  public static Tensor of(float[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.FLOAT32, values.length, shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** FLOAT32 rows of one length. */
  public static Tensor of(float[][] rows) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    float[] values = new float[Math.multiplyExact(rows.length, columns)];
    for (int i = 0; i < rows.length; i++) {
      requireRowLength(i, rows[i].length, columns);
      System.arraycopy(rows[i], 0, values, i * columns, columns);
    }
    return of(values, rows.length, columns);
  }

  /** FLOAT64 values, as one dimension or of the given shape. */
  public static Tensor of(double[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.FLOAT64, values.length, shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** INT64 values, as one dimension or of the given shape. */
  public static Tensor of(long[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.INT64, values.length, shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** INT64 rows of one length; {@link Batch#pad} makes rows of one length. */
  public static Tensor of(long[][] rows) {
    int columns = rows.length == 0 ? 0 : rows[0].length;
    long[] values = new long[Math.multiplyExact(rows.length, columns)];
    for (int i = 0; i < rows.length; i++) {
      requireRowLength(i, rows[i].length, columns);
      System.arraycopy(rows[i], 0, values, i * columns, columns);
    }
    return of(values, rows.length, columns);
  }

  /** INT32 values, as one dimension or of the given shape. */
  public static Tensor of(int[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.INT32, values.length, shape);
    tensor.copyFrom(Arrays.stream(values).asLongStream().toArray());
    return tensor;
  }

  /** BOOL values, as one dimension or of the given shape. */
  public static Tensor of(boolean[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.BOOL, values.length, shape);
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) (values[i] ? 1 : 0);
    }
    Elements.write(tensor.memory, bytes);
    return tensor;
  }

  /** STRING values, as one dimension or of the given shape. Nulls are refused. */
  public static Tensor of(String[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.STRING, values.length, shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** One INT64 value of rank 0. */
  public static Tensor scalar(long value) {
    Tensor tensor = allocate(DataType.INT64, Shape.scalar());
    tensor.copyFrom(new long[] {value});
    return tensor;
  }

  /** One FLOAT32 value of rank 0. */
  public static Tensor scalar(float value) {
    Tensor tensor = allocate(DataType.FLOAT32, Shape.scalar());
    tensor.copyFrom(new float[] {value});
    return tensor;
  }

  /** Closes the tensor if it cannot be filled: nobody else has it yet. */
  private static Tensor filled(Tensor tensor, Runnable fill) {
    try {
      fill.run();
    } catch (RuntimeException | Error e) {
      tensor.close();
      throw e;
    }
    return tensor;
  }

  private static Tensor allocateFor(DataType type, int count, long[] lengths) {
    Shape shape = lengths.length == 0 ? Shape.of(count) : Shape.of(lengths);
    if (shape.elementCount() != count) {
      throw new IllegalArgumentException(
          "The shape "
              + shape
              + " has "
              + shape.elementCount()
              + " elements, but there are "
              + count
              + " values.");
    }
    return allocate(type, shape);
  }

  private static void requireRowLength(int row, int length, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          "All rows need one length, but row 0 has "
              + expected
              + " values and row "
              + row
              + " has "
              + length
              + ". Pad the shorter ones; see Batch.pad.");
    }
  }

  private static int arrayLength(Shape shape, DataType type) {
    if (shape.elementCount() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "An array cannot hold the "
              + shape.elementCount()
              + " elements of "
              + type
              + shape
              + ". Use memory().lend, which goes through it in parts.");
    }
    return (int) shape.elementCount();
  }

  /** The type of the elements. */
  public DataType type() {
    return type;
  }

  /** The lengths of the dimensions. */
  public Shape shape() {
    return shape;
  }

  /** The bytes that the elements take off the heap; 0 for strings. */
  public long byteSize() {
    return type.byteSize(shape.elementCount());
  }

  /** The memory behind the elements, owned by this tensor; empty for strings. For runtimes. */
  public Memory memory() {
    return memory;
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return memory.isClosed();
  }

  /** Writes all elements of a floating-point tensor; 16-bit types round to nearest even. */
  public void copyFrom(float[] values) {
    requireCount(values.length);
    Elements.write(memory, type, values);
  }

  /** Writes all elements of a FLOAT64 tensor. */
  public void copyFrom(double[] values) {
    requireCount(values.length);
    Elements.write(memory, type, values);
  }

  /**
   * Writes all elements of an integer or BOOL tensor; refuses a value that its type cannot hold.
   */
  public void copyFrom(long[] values) {
    requireCount(values.length);
    Elements.write(memory, type, values);
  }

  /** Writes all elements of a STRING tensor. */
  public void copyFrom(String[] values) {
    requireCount(values.length);
    String[] target = requireStrings();
    for (int i = 0; i < values.length; i++) {
      if (values[i] == null) {
        throw new IllegalArgumentException("A string must not be null, but element " + i + " is.");
      }
      target[i] = values[i];
    }
  }

  /** Writes all elements from another tensor of the same type and number of elements. */
  public void copyFrom(Tensor source) {
    if (source.type != type || source.shape.elementCount() != shape.elementCount()) {
      throw new IllegalArgumentException(
          "Elements can be copied between tensors of one type and count, but these are "
              + source
              + " and "
              + this
              + ".");
    }
    if (strings != null) {
      copyFrom(source.requireStrings());
    } else {
      Memory.copy(source.memory, 0, memory, 0, byteSize());
    }
  }

  private void requireCount(int count) {
    if (count != shape.elementCount()) {
      throw new IllegalArgumentException(
          "The tensor "
              + this
              + " has "
              + shape.elementCount()
              + " elements, but there are "
              + count
              + " values.");
    }
  }

  /** A copy of the elements of a floating-point tensor, as floats. */
  public float[] toFloatArray() {
    return Elements.readFloats(memory, type, arrayLength(shape, type));
  }

  /**
   * A copy of the elements of a floating-point tensor, one array for each row; further dimensions
   * are laid out behind each other.
   */
  public float[][] toFloatMatrix() {
    float[] values = toFloatArray();
    int rows = (int) shape.rows();
    int columns = rows == 0 ? 0 : values.length / rows;
    float[][] matrix = new float[rows][];
    for (int i = 0; i < rows; i++) {
      matrix[i] = Arrays.copyOfRange(values, i * columns, (i + 1) * columns);
    }
    return matrix;
  }

  /** A copy of the elements of a floating-point tensor, as doubles. */
  public double[] toDoubleArray() {
    return Elements.readDoubles(memory, type, arrayLength(shape, type));
  }

  /** A copy of the elements of an integer or BOOL tensor; UINT64 keeps its bits. */
  public long[] toLongArray() {
    return Elements.readLongs(memory, type, arrayLength(shape, type));
  }

  /** A copy of the raw bytes. */
  public byte[] toByteArray() {
    if (byteSize() > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "An array cannot hold the " + byteSize() + " bytes of " + this + ". Use memory().lend.");
    }
    return Elements.readBytes(memory, (int) byteSize());
  }

  /** A copy of the elements of a STRING tensor. */
  public String[] toStringArray() {
    return requireStrings().clone();
  }

  /**
   * A buffer that shares the first 1 GiB of the memory, in native byte order; see the class text.
   */
  public ByteBuffer view() {
    return memory.view(0, (int) Math.min(byteSize(), 1L << 30));
  }

  private String[] requireStrings() {
    if (strings == null) {
      throw Elements.mismatch("strings", "in it", type);
    }
    if (memory.isClosed()) {
      throw new IllegalStateException("The tensor " + this + " was closed: its contents are gone.");
    }
    return strings;
  }

  @Override
  public void close() {
    memory.close();
  }

  /** Type and shape, for example {@code FLOAT32[8, 384]}. */
  @Override
  public String toString() {
    return type + shape.toString();
  }
}
