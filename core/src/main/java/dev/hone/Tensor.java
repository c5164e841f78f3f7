package dev.hone;

import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
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
 *
 * <p><b>Errors.</b> {@link IllegalArgumentException}: values that do not fit the type or the shape,
 * a method for another type, or more elements than an array holds. {@link
 * HoneException.OutOfMemoryException}: the system has no memory for the elements.
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
    TensorBytes.requireKind(type, shape);
    if (type == DataType.STRING) {
      String[] empty = new String[TensorBytes.arrayLength(shape, DataType.STRING)];
      Arrays.fill(empty, "");
      return new Tensor(type, shape, TensorBytes.allocate(0), empty);
    }
    return new Tensor(type, shape, TensorBytes.allocate(TensorBytes.byteSize(type, shape)), null);
  }

  /**
   * A tensor over memory that it takes over: closing the tensor closes the memory. For runtimes,
   * and for tensors that reuse pooled memory.
   *
   * @throws IllegalArgumentException if the memory is too small, or the type is STRING
   */
  public static Tensor of(DataType type, Shape shape, Memory memory) {
    TensorBytes.require(type, shape, memory);
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
    TensorBytes.require(type, shape, buffer);
    return new Tensor(type, shape, Memory.wrap(buffer), null);
  }

  /** FLOAT32 values, as one dimension or of the given shape. */
  public static Tensor of(float[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.FLOAT32, TensorBytes.length(values), shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** FLOAT32 rows of one length. */
  public static Tensor of(float[][] rows) {
    return of(Matrices.flat(rows), rows.length, Matrices.columns(rows));
  }

  /** FLOAT64 values, as one dimension or of the given shape. */
  public static Tensor of(double[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.FLOAT64, TensorBytes.length(values), shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** INT64 values, as one dimension or of the given shape. */
  public static Tensor of(long[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.INT64, TensorBytes.length(values), shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /** INT64 rows of one length; {@link Batch#pad} makes rows of one length. */
  public static Tensor of(long[][] rows) {
    return of(Matrices.flat(rows), rows.length, Matrices.columns(rows));
  }

  /** INT32 values, as one dimension or of the given shape. */
  public static Tensor of(int[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.INT32, TensorBytes.length(values), shape);
    tensor.copyFrom(Arrays.stream(values).asLongStream().toArray());
    return tensor;
  }

  /** INT32 rows of one length. */
  public static Tensor of(int[][] rows) {
    return of(Matrices.flat(rows), rows.length, Matrices.columns(rows));
  }

  /** BOOL values, as one dimension or of the given shape. */
  public static Tensor of(boolean[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.BOOL, TensorBytes.length(values), shape);
    Elements.write(tensor.memory, values);
    return tensor;
  }

  /** STRING values, as one dimension or of the given shape. Nulls are refused. */
  public static Tensor of(String[] values, long... shape) {
    Tensor tensor = allocateFor(DataType.STRING, TensorBytes.length(values), shape);
    return filled(tensor, () -> tensor.copyFrom(values));
  }

  /**
   * Raw bytes as they lie in memory, for example the UINT8 pixels of an image: the way back from
   * {@link #toByteArray}. Copies.
   *
   * @param type any type but STRING; elements of more than one byte are little-endian
   * @param bytes as many as the elements take
   * @param shape the shape; none makes one dimension of as many elements as there are bytes for
   * @throws IllegalArgumentException if the number of bytes is not that of the shape
   */
  public static Tensor of(DataType type, byte[] bytes, long... shape) {
    Tensor tensor = allocate(type, TensorBytes.shapeOf(type, bytes, shape));
    Elements.write(tensor.memory, bytes);
    return tensor;
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

  /** One FLOAT64 value of rank 0. */
  public static Tensor scalar(double value) {
    Tensor tensor = allocate(DataType.FLOAT64, Shape.scalar());
    tensor.copyFrom(new double[] {value});
    return tensor;
  }

  /** One BOOL value of rank 0. */
  public static Tensor scalar(boolean value) {
    Tensor tensor = allocate(DataType.BOOL, Shape.scalar());
    tensor.copyFrom(new long[] {value ? 1 : 0});
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
    return allocate(type, TensorBytes.shapeOf(count, lengths));
  }

  /**
   * The same tensor once more, with a life of its own: its memory goes when both are closed. For
   * who keeps what belongs to another.
   *
   * @throws IllegalStateException if this one is closed
   */
  public Tensor share() {
    return new Tensor(type, shape, memory.part(0, memory.byteSize()), strings);
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

  /** Whether writing one of the two changes the other. */
  boolean overlaps(Tensor other) {
    return this == other
        || (strings != null && strings == other.strings)
        || Memory.overlap(memory, byteSize(), other.memory, other.byteSize());
  }

  /** Whether {@link #close} was called. */
  public boolean isClosed() {
    return memory.isClosed();
  }

  /** Writes all elements of a floating-point tensor; 16-bit types round to nearest even. */
  public void copyFrom(float[] values) {
    TensorBytes.requireCount(type, shape, TensorBytes.length(values));
    Elements.write(memory, type, values);
  }

  /** Writes all elements of a FLOAT64 tensor. */
  public void copyFrom(double[] values) {
    TensorBytes.requireCount(type, shape, TensorBytes.length(values));
    Elements.write(memory, type, values);
  }

  /**
   * Writes all elements of an integer or BOOL tensor; refuses a value that its type cannot hold.
   */
  public void copyFrom(long[] values) {
    TensorBytes.requireCount(type, shape, TensorBytes.length(values));
    Elements.write(memory, type, values);
  }

  /** Writes all elements of a STRING tensor. */
  public void copyFrom(String[] values) {
    TensorBytes.requireCount(type, shape, TensorBytes.length(values));
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
    Given.value(source, "tensor to copy from", "Take Tensor.allocate for zeros.");
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

  /** A copy of the elements of a floating-point tensor, as floats. */
  public float[] toFloatArray() {
    return Elements.readFloats(memory, type, TensorBytes.arrayLength(shape, type));
  }

  /**
   * A copy of the elements of a floating-point tensor, one array for each row; further dimensions
   * are laid out behind each other.
   */
  public float[][] toFloatMatrix() {
    return Matrices.rows(toFloatArray(), (int) shape.rows());
  }

  /** A copy of the elements of a floating-point tensor, as doubles. */
  public double[] toDoubleArray() {
    return Elements.readDoubles(memory, type, TensorBytes.arrayLength(shape, type));
  }

  /** A copy of the elements of an integer or BOOL tensor; UINT64 keeps its bits. */
  public long[] toLongArray() {
    return Elements.readLongs(memory, type, TensorBytes.arrayLength(shape, type));
  }

  /**
   * A copy of the elements of an integer or BOOL tensor, one array for each row; further dimensions
   * are laid out behind each other.
   */
  public long[][] toLongMatrix() {
    return Matrices.rows(toLongArray(), (int) shape.rows());
  }

  /**
   * A copy of the elements of an integer or BOOL tensor, as ints.
   *
   * @throws IllegalArgumentException if an element does not fit an int
   */
  public int[] toIntArray() {
    return Elements.readInts(memory, type, TensorBytes.arrayLength(shape, type));
  }

  /** A copy of the elements of a BOOL tensor. */
  public boolean[] toBooleanArray() {
    return Elements.readBooleans(memory, type, TensorBytes.arrayLength(shape, type));
  }

  /** A copy of the raw bytes; texts have none, see {@link #toStringArray}. */
  public byte[] toByteArray() {
    TensorBytes.requireNoStrings(type);
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
    TensorBytes.requireNoStrings(type);
    return memory.view(0, (int) Math.min(byteSize(), 1L << 30));
  }

  private String[] requireStrings() {
    if (strings == null) {
      throw Elements.mismatch("strings", "in it", type);
    }
    if (memory.isClosed()) {
      throw new IllegalStateException(
          "The tensor "
              + type
              + shape
              + " was closed: its contents are gone. Close a tensor, or the batch that it is in,"
              + " after its last use.");
    }
    return strings;
  }

  @Override
  public void close() {
    memory.close();
  }

  /**
   * Type and shape, for example {@code FLOAT32[8, 384]}, and {@code closed} if it is. Not the
   * values: {@link #toFloatArray} and its like give these.
   */
  @Override
  public String toString() {
    return type + shape.toString() + (isClosed() ? " (closed)" : "");
  }
}
