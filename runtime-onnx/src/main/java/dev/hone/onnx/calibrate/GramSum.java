package dev.hone.onnx.calibrate;

/** {@code Σ x xᵀ} over rows x that come in pieces of any length. */
final class GramSum {
  private final int length;
  private final double[] upper;
  private final double[] row;
  private int filled;

  GramSum(int length) {
    this.length = length;
    this.upper = new double[Math.multiplyExact(length, length)];
    this.row = new double[length];
  }

  void add(float[] values, int count) {
    for (int i = 0; i < count; i++) {
      row[filled++] = values[i];
      if (filled == length) {
        addRow();
        filled = 0;
      }
    }
  }

  private void addRow() {
    for (int i = 0; i < length; i++) {
      double x = row[i];
      if (x != 0) {
        int line = i * length;
        for (int j = i; j < length; j++) {
          upper[line + j] += x * row[j];
        }
      }
    }
  }

  /** The whole matrix, row by row. */
  double[] matrix() {
    double[] whole = upper.clone();
    for (int i = 0; i < length; i++) {
      for (int j = 0; j < i; j++) {
        whole[i * length + j] = upper[j * length + i];
      }
    }
    return whole;
  }
}
