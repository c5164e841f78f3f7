package dev.hone.onnx.quantize;

import org.jspecify.annotations.Nullable;

/**
 * A matrix in blocks along its rows, packed as the kernels want it.
 *
 * <p>For {@code MatMulNBits} the rows are the outputs (W transposed), for {@code
 * GatherBlockQuantized} the entries of the table. Codes: {@code [rows, blocks, blockSize·bits/8]},
 * two nibbles a byte, the first in the low half. Scales: {@code [rows, blocks]}. Zero points:
 * {@code [rows, ceil(blocks·bits/8)]}, packed alike; absent where all are {@code 2^(bits-1)}.
 *
 * @param bits 4 or 8
 * @param blockSize elements of a block
 * @param rows the rows
 * @param columns the columns, without what fills the last block
 * @param codes the packed codes
 * @param scales the scales
 * @param zeroPoints the packed zero points, or null
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
public record BlockedMatrix(
    int bits,
    int blockSize,
    int rows,
    int columns,
    byte[] codes,
    float[] scales,
    byte @Nullable [] zeroPoints) {

  static BlockedMatrix empty(BlockQuantizer quantizer, int rows, int columns) {
    int bits = quantizer.bits();
    int blocks = blocks(columns, quantizer.blockSize());
    return new BlockedMatrix(
        bits,
        quantizer.blockSize(),
        rows,
        columns,
        new byte[Math.multiplyExact(rows, blocks * (quantizer.blockSize() * bits / 8))],
        new float[Math.multiplyExact(rows, blocks)],
        quantizer.hasZeroPoints() ? new byte[rows * Packing.byteCount(blocks, bits)] : null);
  }

  private static int blocks(int columns, int blockSize) {
    return (columns + blockSize - 1) / blockSize;
  }

  /** Blocks in a row. */
  public int blocksPerRow() {
    return blocks(columns, blockSize);
  }

  void put(int row, int block, int count, BlockFit.Fit fit) {
    int at = codesOf(row * blocksPerRow() + block);
    for (int i = 0; i < blockSize; i++) {
      Packing.put(codes, at, i, bits, i < count ? fit.codes()[i] : fit.zeroPoint());
    }
    scales[row * blocksPerRow() + block] = fit.scale();
    if (zeroPoints != null) {
      int rowStart = row * Packing.byteCount(blocksPerRow(), bits);
      Packing.put(zeroPoints, rowStart, block, bits, fit.zeroPoint());
    }
  }

  /** Where the codes of a block begin. */
  int codesOf(int block) {
    return block * (blockSize * bits / 8);
  }

  private int zeroPoint(int row, int block) {
    return zeroPoints == null
        ? 1 << (bits - 1)
        : Packing.get(zeroPoints, row * Packing.byteCount(blocksPerRow(), bits), block, bits);
  }

  /** How far the error of the codes lies below what they stand for, in decibels. */
  double decibels(MatrixRows exact) {
    SignalToNoise sum = new SignalToNoise();
    float[] row = new float[columns];
    for (int r = 0; r < rows; r++) {
      exact.read(r, row);
      for (int i = 0; i < columns; i++) {
        sum.add(row[i], value(r, i));
      }
    }
    return sum.decibels();
  }

  private float value(int row, int i) {
    int block = row * blocksPerRow() + i / blockSize;
    int code = Packing.get(codes, codesOf(block), i % blockSize, bits);
    return scales[block] * (code - zeroPoint(row, i / blockSize));
  }

  /** What the codes stand for, row by row, without what fills the last block. */
  public float[] dequantize() {
    float[] values = new float[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < columns; i++) {
        values[row * columns + i] = value(row, i);
      }
    }
    return values;
  }
}
