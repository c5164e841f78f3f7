package dev.hone.onnx.fuse;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.util.Arrays;
import java.util.Random;

/** Rows of tokens with padding of every kind. */
final class Tokens {
  private Tokens() {}

  /**
   * Zeros and ones: one row that is full, one padded on the right, one on the left, one with a hole
   * in the middle, and so on in turn.
   */
  static long[][] mask(int rows, int length) {
    long[][] mask = new long[rows][length];
    for (int row = 0; row < rows; row++) {
      Arrays.fill(mask[row], 1);
      int padding = Math.min(length - 1, 1 + row);
      switch (row % 4) {
        case 1 -> Arrays.fill(mask[row], length - padding, length, 0);
        case 2 -> Arrays.fill(mask[row], 0, padding, 0);
        case 3 -> Arrays.fill(mask[row], 1, 1 + Math.min(padding, length - 2), 0);
        default -> {}
      }
    }
    return mask;
  }

  /** What a BERT takes. */
  static Batch bert(int rows, int length) {
    Random random = new Random(rows * 1000L + length);
    long[][] ids = new long[rows][length];
    for (long[] row : ids) {
      Arrays.setAll(row, i -> 1000 + random.nextInt(20_000));
    }
    return Batch.of(
        "input_ids",
        Tensor.of(ids),
        "attention_mask",
        Tensor.of(mask(rows, length)),
        "token_type_ids",
        Tensor.of(new long[rows][length]));
  }
}
