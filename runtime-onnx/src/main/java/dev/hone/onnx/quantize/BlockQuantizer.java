package dev.hone.onnx.quantize;

import dev.hone.onnx.quantize.BlockFit.Fit;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

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
  /** Eight bits around 0 in blocks of 32: exact to about 46 dB. */
  public static final BlockQuantizer INT8 = new BlockQuantizer(Method.SYMMETRIC, 8, 32);

  /** Four bits, searched, in blocks of 32. */
  public static final BlockQuantizer INT4 = new BlockQuantizer(Method.K_QUANT, 4, 32);

  /** Rows that one thread takes at a time: neighbours, which share cache lines when strided. */
  private static final int STRIP = 16;

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
   * Quantizes a matrix that is read row by row, on all processors: rows do not depend on each
   * other. The weights of {@code y = x W} come transposed, so that blocks run down the columns of
   * W.
   *
   * @param importance how much the square error of each column counts, or null if all count alike
   */
  BlockedMatrix rows(MatrixRows matrix, float @Nullable [] importance) {
    int columns = matrix.columns();
    if (importance != null && importance.length != columns) {
      throw new IllegalArgumentException(
          "Each of the "
              + columns
              + " inputs needs an importance, but there are "
              + importance.length
              + ".");
    }
    float[] counts = importance == null ? DenseNoise.ones(columns) : positive(importance);
    BlockedMatrix target = BlockedMatrix.empty(this, matrix.rows(), columns);
    IntStream.range(0, (matrix.rows() + STRIP - 1) / STRIP)
        .parallel()
        .forEach(strip -> quantize(matrix, strip, counts, target));
    return target;
  }

  private void quantize(MatrixRows matrix, int strip, float[] importance, BlockedMatrix target) {
    BlockFit fit = method.fit();
    float[] row = new float[matrix.columns()];
    int end = Math.min(matrix.rows(), (strip + 1) * STRIP);
    for (int r = strip * STRIP; r < end; r++) {
      matrix.read(r, row);
      for (int b = 0; b < target.blocksPerRow(); b++) {
        int from = b * blockSize;
        int to = Math.min(from + blockSize, row.length);
        for (int i = from; i < to; i++) {
          ChannelQuantizer.requireFinite(row[i], r * row.length + i, row.length);
        }
        float[] block = Arrays.copyOfRange(row, from, to);
        float[] counts = Arrays.copyOfRange(importance, from, to);
        target.put(r, b, to - from, fit.fit(block, counts, (1 << bits) - 1));
      }
    }
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

  /** The same with eight bits, where no search pays: around 0. */
  BlockQuantizer inEightBits() {
    return bits == 8 ? this : new BlockQuantizer(Method.SYMMETRIC, 8, blockSize);
  }

  /** The bytes that a matrix takes: codes, scales and zero points. */
  long byteSize(int rows, int columns) {
    long blocks = ((long) columns + blockSize - 1) / blockSize;
    long zeroPoints = hasZeroPoints() ? (blocks * bits + 7) / 8 : 0;
    return rows * (blocks * ((long) blockSize * bits / 8 + Float.BYTES) + zeroPoints);
  }

  /** For reports, for example {@code 4 bits, blocks of 32, searched}. */
  String explanation() {
    String how =
        switch (method) {
          case ROUND_TO_NEAREST -> "rounded to nearest";
          case SYMMETRIC -> "rounded to nearest around 0";
          case K_QUANT -> "searched by least squares";
          case HALF_QUADRATIC -> "searched by half-quadratic splitting";
        };
    return bits + " bits, in blocks of " + blockSize + ", " + how;
  }

  /** Whether blocks need zero points of their own. */
  boolean hasZeroPoints() {
    return method != Method.SYMMETRIC;
  }

  /** One block's outcome; visible for tests. */
  static Fit fit(Method method, float[] block, int bits) {
    return method.fit().fit(block, DenseNoise.ones(block.length), (1 << bits) - 1);
  }
}
