package dev.hone.onnx.calibrate;

/**
 * {@code Σ x xᵀ} over rows x that come in pieces of any length.
 *
 * <p>Rows are added {@value #TOGETHER} at a time: the sum, which is far greater than a near cache,
 * is then read and written that much less often.
 */
final class GramSum {
  private static final int TOGETHER = 4;

  private final int length;
  private final double[] sum; // the upper triangle, in the square that it becomes
  private final double[][] rows;
  private int row;
  private int filled;

  GramSum(int length) {
    this.length = length;
    this.sum = new double[Math.multiplyExact(length, length)];
    this.rows = new double[TOGETHER][length];
  }

  void add(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      rows[row][filled++] = values[i];
      if (filled == length) {
        filled = 0;
        row++;
        if (row == TOGETHER) {
          addRows();
          row = 0;
        }
      }
    }
  }

  private void addRows() {
    for (int i = 0; i < length; i++) {
      addTo(i, rows[0], rows[1], rows[2], rows[3]);
    }
  }

  private void addTo(int i, double[] a, double[] b, double[] c, double[] d) {
    double ai = a[i];
    double bi = b[i];
    double ci = c[i];
    double di = d[i];
    int line = i * length;
    for (int j = i; j < length; j++) {
      sum[line + j] += ai * a[j] + bi * b[j] + (ci * c[j] + di * d[j]);
    }
  }

  /** The whole matrix, row by row. Ends the sum: nothing may be added any more. */
  double[] matrix() {
    double[] none = new double[length];
    for (int k = row; k < TOGETHER; k++) {
      rows[k] = none;
    }
    addRows();
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < i; j++) {
        sum[i * length + j] = sum[j * length + i];
      }
    }
    return sum;
  }
}
