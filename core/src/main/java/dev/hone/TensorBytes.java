package dev.hone;

import dev.hone.memory.Memory;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** The bytes that the elements of a tensor take: how many, getting them, and judging them. */
final class TensorBytes {
  private TensorBytes() {}

  static long byteSize(DataType type, Shape shape) {
    try {
      return type.byteSize(shape.elementCount());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "A tensor may have at most 2^63-1 bytes, but " + type + shape + " has more.", e);
    }
  }

  static void requireKind(@Nullable DataType type, @Nullable Shape shape) {
    Given.value(type, "type of a tensor", "Take one of DataType.");
    Given.value(shape, "shape of a tensor", "Take Shape.scalar() for a single value.");
  }

  /** The length of an array; refuses null. */
  static int length(@Nullable Object values) {
    return Array.getLength(
        Given.value(values, "values of a tensor", "Give an empty array for none."));
  }

  static Memory allocate(long byteSize) {
    try {
      return Memory.allocate(byteSize);
    } catch (OutOfMemoryError e) {
      throw new HoneException.OutOfMemoryException(
          "No native memory for a tensor of " + byteSize + " bytes. " + e.getMessage(), e);
    }
  }

  /** Refuses memory that is too small, and any for strings. */
  static void require(DataType type, Shape shape, Memory memory) {
    requireKind(type, shape);
    Given.value(memory, "memory of a tensor", "Take Tensor.allocate for new memory.");
    requireNoStrings(type);
    long needed = byteSize(type, shape);
    if (memory.byteSize() < needed) {
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
  }

  /** Refuses a buffer that is too small or in another byte order, and any for strings. */
  static void require(DataType type, Shape shape, ByteBuffer buffer) {
    requireKind(type, shape);
    Given.value(buffer, "buffer of a tensor", "Take Tensor.allocate for new memory.");
    requireNoStrings(type);
    if (buffer.isDirect() && buffer.order() != ByteOrder.nativeOrder()) { // else Memory refuses it
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
  }

  /** Refuses another number of bytes than the elements take. */
  private static void require(DataType type, Shape shape, int byteCount) {
    long needed = byteSize(type, shape);
    if (byteCount != needed) {
      throw new IllegalArgumentException(
          "A tensor "
              + type
              + shape
              + " takes "
              + needed
              + " bytes, but there are "
              + byteCount
              + ". Give the shape that the bytes have.");
    }
  }

  /** Refuses another number of values than there are elements. */
  static void requireCount(DataType type, Shape shape, int count) {
    if (count != shape.elementCount()) {
      throw new IllegalArgumentException(
          "The tensor "
              + type
              + shape
              + " has "
              + shape.elementCount()
              + " elements, but there are "
              + count
              + " values. Give one for each.");
    }
  }

  /** The shape of so many elements: of these lengths, or of one dimension if there are none. */
  static Shape shapeOf(int count, long[] lengths) {
    requireLengths(lengths);
    Shape shape = lengths.length == 0 ? Shape.of(count) : Shape.of(lengths);
    if (shape.elementCount() != count) {
      throw new IllegalArgumentException(
          "The shape "
              + shape
              + " has "
              + shape.elementCount()
              + " elements, but there are "
              + count
              + " values. Give one of the two that fits the other.");
    }
    return shape;
  }

  /** The same for bytes: of one dimension of as many elements as there are bytes for. */
  static Shape shapeOf(DataType type, byte[] bytes, long[] lengths) {
    requireLengths(lengths);
    int count = length(bytes);
    Given.value(type, "type of a tensor", "Take one of DataType.");
    requireNoStrings(type);
    Shape shape = lengths.length == 0 ? Shape.of(count * 8L / type.bits()) : Shape.of(lengths);
    require(type, shape, count);
    return shape;
  }

  private static void requireLengths(long @Nullable [] lengths) {
    Given.value(lengths, "lengths of a tensor", "Leave them out for one dimension.");
  }

  /** Refuses texts, which lie on the Java heap. */
  static void requireNoStrings(DataType type) {
    if (type == DataType.STRING) {
      throw new IllegalArgumentException(
          "The elements of a STRING tensor are no bytes that can be copied or shared. Make it with"
              + " Tensor.of(String[]), and read it with toStringArray().");
    }
  }

  /** The length of an array that holds all elements. */
  static int arrayLength(Shape shape, DataType type) {
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
}
