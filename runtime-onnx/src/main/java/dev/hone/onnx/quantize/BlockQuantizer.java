package dev.hone.onnx.quantize;

import dev.hone.onnx.quantize.BlockFit.Fit;
import java.util.Arrays;

/**
 * Quantizes a weight matrix in blocks along its rows' dimension, as {@code MatMulNBits} and {@code
 * GatherBlockQuantized} of {@code com.microsoft} read it.
 *
 * <p>A block of 16 or more neighbouring weights that meet the same output shares a scale s and a
 * zero point z, so an outlier spoils its own block only. With {@code bits} bits an element is
 * {@code x = s (q - z)}, {@code 0 <= q < 2^bits}. Blocks that do not fill up are continued with the
 * code of 0. A larger block saves scales and costs fidelity: in 4 bits, blocks of 32 with floats
 * for scales take 5 bits an element with, and a little less without, zero points.
 *
 * <p>How s and z are found is the {@link Method}'s choice; see the classes of {@link BlockFit}.
 *
 * @param method how scale and zero point are found
 * @param bits 4 or 8
 * @param blockSize a power of two, at least 16
 */
public record BlockQuantizer(Method method, int bits, int blockSize) {
  /** How scale and zero point of a block are found. */
  public enum Method {
    /** From the range of the block. */
    ROUND_TO_NEAREST,
    /** As {@link #ROUND_TO_NEAREST}, around 0: there are no zero points to store. */
    SYMMETRIC,
    /** By a search over scales, each refined by weighted least squares. */
    K_QUANT,
    /** By half-quadratic splitting: a fit that forgives outliers. */
    HALF_QUADRATIC;

    BlockFit fit() {
      return switch (this) {
        case ROUND_TO_NEAREST -> BlockFit.ROUND_TO_NEAREST;
        case SYMMETRIC -> BlockFit.SYMMETRIC;
        case K_QUANT -> new KQuantFit();
        case HALF_QUADRATIC -> new HalfQuadraticFit();
      };
    }
  }

  /** Refuses what the kernels do not know. */
  public BlockQuantizer {
    if (bits != 4 && bits != 8) {
      throw new IllegalArgumentException("A block has 4 or 8 bits an element, not " + bits + ".");
    }
    if (blockSize < 16 || Integer.bitCount(blockSize) != 1) {
      throw new IllegalArgumentException(
          "A block's size must be a power of two of at least 16, but is " + blockSize + ".");
    }
  }

  /**
   * Quantizes the weights of {@code y = x W}: blocks run down the columns of W.
   *
   * @param weights W, row by row
   * @param columns its columns, the outputs
   * @return the outputs as rows
   */
  public BlockedMatrix columns(float[] weights, int columns) {
    return columns(weights, columns, ones(ChannelQuantizer.rows(weights, columns)));
  }

  /**
   * As {@link #columns(float[], int)}, for a method that searches: with the importance of each row.
   *
   * @param importance how much the square error of a row's weights counts: the mean square of the
   *     input that multiplies them
   */
  public BlockedMatrix columns(float[] weights, int columns, float[] importance) {
    int rows = ChannelQuantizer.rows(weights, columns);
    if (importance.length != rows) {
      throw new IllegalArgumentException(
          "Each of the "
              + rows
              + " rows needs an importance, but there are "
              + importance.length
              + ".");
    }
    Position down = (channel, i) -> i * columns + channel;
    return quantize(columns, rows, down, weights, positive(importance));
  }

  /**
   * Quantizes a table: blocks run along its rows.
   *
   * @param weights the table, row by row
   * @param columns its columns
   */
  public BlockedMatrix rows(float[] weights, int columns) {
    int rows = ChannelQuantizer.rows(weights, columns);
    Position along = (channel, i) -> channel * columns + i;
    return quantize(rows, columns, along, weights, ones(columns));
  }

  private static float[] ones(int count) {
    float[] ones = new float[count];
    Arrays.fill(ones, 1);
    return ones;
  }

  /** An input that never moved in the calibration data still counts a little. */
  private static float[] positive(float[] importance) {
    double mean = 0;
    for (float value : importance) {
      mean += value / (double) importance.length;
    }
    float least = (float) Math.max(mean * 1e-3, Float.MIN_NORMAL);
    float[] positive = new float[importance.length];
    for (int i = 0; i < positive.length; i++) {
      positive[i] = Math.max(importance[i], least);
    }
    return positive;
  }

  @FunctionalInterface
  private interface Position {
    int of(int channel, int index);
  }

  private BlockedMatrix quantize(
      int channels, int length, Position position, float[] weights, float[] importance) {
    BlockedMatrix target = BlockedMatrix.empty(this, channels, length);
    BlockFit fit = method.fit();
    float[] block = new float[blockSize];
    for (int channel = 0; channel < channels; channel++) {
      for (int b = 0; b < target.blocksPerRow(); b++) {
        int from = b * blockSize;
        int count = Math.min(blockSize, length - from);
        for (int i = 0; i < count; i++) {
          block[i] = weights[position.of(channel, from + i)];
          ChannelQuantizer.requireFinite(block[i], channel * length + from + i, length);
        }
        float[] counts = Arrays.copyOfRange(importance, from, from + count);
        BlockFit.Fit found = fit.fit(Arrays.copyOf(block, count), counts, (1 << bits) - 1);
        target.put(channel, b, count, found);
      }
    }
    return target;
  }

  /** Whether blocks need zero points of their own. */
  boolean hasZeroPoints() {
    return method != Method.SYMMETRIC;
  }

  /** One block's outcome; visible for tests. */
  static Fit fit(Method method, float[] block, int bits) {
    return method.fit().fit(block, ones(block.length), (1 << bits) - 1);
  }
}
