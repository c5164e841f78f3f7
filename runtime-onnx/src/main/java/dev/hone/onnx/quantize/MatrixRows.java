package dev.hone.onnx.quantize;

/** A matrix that is read row by row. Reading is thread-safe. */
interface MatrixRows {
  /** The rows. */
  int rows();

  /** The columns. */
  int columns();

  /** Copies a row to the beginning of {@code into}, which holds at least one row. */
  void read(int row, float[] into);

  /** The rows of an array. */
  static MatrixRows rowsOf(float[] values, int columns) {
    int rows = ChannelQuantizer.rows(values, columns);
    return of(
        rows, columns, (row, into) -> System.arraycopy(values, row * columns, into, 0, columns));
  }

  /** The columns of an array, as rows. */
  static MatrixRows columnsOf(float[] values, int columns) {
    int rows = ChannelQuantizer.rows(values, columns);
    return of(
        columns,
        rows,
        (column, into) -> {
          for (int i = 0; i < rows; i++) {
            into[i] = values[i * columns + column];
          }
        });
  }

  private static MatrixRows of(int count, int length, Reader reader) {
    return new MatrixRows() {
      @Override
      public int rows() {
        return count;
      }

      @Override
      public int columns() {
        return length;
      }

      @Override
      public void read(int row, float[] into) {
        reader.read(row, into);
      }
    };
  }

  /** Copies one row. */
  @FunctionalInterface
  interface Reader {
    /** As {@link MatrixRows#read}. */
    void read(int row, float[] into);
  }
}
