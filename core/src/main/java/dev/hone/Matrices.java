package dev.hone;

import java.lang.reflect.Array;
import java.util.Arrays;

/** Rows of one length as arrays of arrays, and laid out behind each other. */
final class Matrices {
  private Matrices() {}

  /** The length of the first row, or 0 where there is none. */
  static int columns(Object[] rows) {
    return rows.length == 0 ? 0 : length(rows, 0);
  }

  private static int length(Object[] rows, int row) {
    if (rows[row] == null) {
      throw new IllegalArgumentException(
          "A row must not be null, but row " + row + " of " + rows.length + " is. Leave it out.");
    }
    return Array.getLength(rows[row]);
  }

  /** All values, row after row; refuses rows that differ in length. */
  static float[] flat(float[][] rows) {
    float[] values = new float[count(rows)];
    copy(rows, values);
    return values;
  }

  /** All values, row after row; refuses rows that differ in length. */
  static long[] flat(long[][] rows) {
    long[] values = new long[count(rows)];
    copy(rows, values);
    return values;
  }

  /** All values, row after row; refuses rows that differ in length. */
  static int[] flat(int[][] rows) {
    int[] values = new int[count(rows)];
    copy(rows, values);
    return values;
  }

  private static int count(Object[] rows) {
    Given.value(rows, "rows of a tensor", "Give an empty array for none.");
    long count = (long) rows.length * columns(rows);
    if (count > Integer.MAX_VALUE - 8) {
      throw new IllegalArgumentException(
          "An array holds at most 2^31-9 values, but "
              + rows.length
              + " rows of "
              + columns(rows)
              + " are "
              + count
              + ". Make several tensors of fewer rows.");
    }
    return (int) count;
  }

  @SuppressWarnings("SuspiciousSystemArraycopy") // it checks the types itself
  private static void copy(Object[] rows, Object values) {
    int columns = columns(rows);
    for (int i = 0; i < rows.length; i++) {
      int length = length(rows, i);
      if (length != columns) {
        throw new IllegalArgumentException(
            "All rows need one length, but row 0 has "
                + columns
                + " values and row "
                + i
                + " has "
                + length
                + ". Pad the shorter ones; see Batch.pad.");
      }
      System.arraycopy(rows[i], 0, values, i * columns, columns);
    }
  }

  /** As many rows of one length. */
  static float[][] rows(float[] values, int rows) {
    int columns = rows == 0 ? 0 : values.length / rows;
    float[][] matrix = new float[rows][];
    for (int i = 0; i < rows; i++) {
      matrix[i] = Arrays.copyOfRange(values, i * columns, (i + 1) * columns);
    }
    return matrix;
  }

  /** As many rows of one length. */
  static long[][] rows(long[] values, int rows) {
    int columns = rows == 0 ? 0 : values.length / rows;
    long[][] matrix = new long[rows][];
    for (int i = 0; i < rows; i++) {
      matrix[i] = Arrays.copyOfRange(values, i * columns, (i + 1) * columns);
    }
    return matrix;
  }
}
