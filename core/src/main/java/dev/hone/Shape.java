package dev.hone;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * The lengths of a tensor's dimensions, the first counting rows. A scalar has rank 0 and one
 * element.
 *
 * <p>Immutable; all lengths are at least 0, and their product fits a {@code long}.
 */
public final class Shape {
  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] lengths;
  private final long elementCount;

  private Shape(long[] lengths) {
    this.lengths = lengths;
    long count = 1;
    for (long length : lengths) {
      if (length < 0) {
        throw new IllegalArgumentException(
            "A dimension must be at least 0, but the shape is " + Arrays.toString(lengths) + ".");
      }
      count = multiply(count, length, lengths);
    }
    this.elementCount = count;
  }

  private static long multiply(long count, long length, long[] lengths) {
    try {
      return Math.multiplyExact(count, length);
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "A shape may hold at most 2^63-1 elements, but this one is "
              + Arrays.toString(lengths)
              + ".",
          e);
    }
  }

  /** A shape of these lengths; none makes a scalar. */
  public static Shape of(long... lengths) {
    Given.value(lengths, "lengths of a shape", "Leave them out for a scalar.");
    return lengths.length == 0 ? SCALAR : new Shape(lengths.clone());
  }

  /** The shape of one single value: rank 0. */
  public static Shape scalar() {
    return SCALAR;
  }

  /** The number of dimensions. */
  public int rank() {
    return lengths.length;
  }

  /**
   * The length of one dimension.
   *
   * @param axis from 0 to rank - 1; negative counts from the end
   */
  public long length(int axis) {
    int index = axis < 0 ? axis + lengths.length : axis;
    if (index < 0 || index >= lengths.length) {
      throw new IllegalArgumentException("Axis " + axis + " is not in the shape " + this + ".");
    }
    return lengths[index];
  }

  /** The number of elements: the product of all lengths. */
  public long elementCount() {
    return elementCount;
  }

  /** The number of rows: the first length, or 1 for a scalar. */
  public long rows() {
    return lengths.length == 0 ? 1 : lengths[0];
  }

  /** The elements in one row: the product of all lengths but the first. */
  public long rowElementCount() {
    long count = 1;
    for (int i = 1; i < lengths.length; i++) {
      count *= lengths[i];
    }
    return count;
  }

  /** The same shape with another number of rows. */
  public Shape withRows(long rows) {
    return withLength(0, rows);
  }

  /** The same shape with another length along {@code axis}. */
  public Shape withLength(int axis, long length) {
    length(axis); // refuses an axis that is not there
    long[] changed = lengths.clone();
    changed[axis < 0 ? axis + lengths.length : axis] = length;
    return new Shape(changed);
  }

  /** The lengths as an array that the caller owns. */
  public long[] toArray() {
    return lengths.clone();
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return this == other || (other instanceof Shape shape && Arrays.equals(lengths, shape.lengths));
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(lengths);
  }

  /** For example {@code [8, 128]}. */
  @Override
  public String toString() {
    return Arrays.toString(lengths);
  }
}
