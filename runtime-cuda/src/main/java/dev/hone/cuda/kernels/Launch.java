package dev.hone.cuda.kernels;

import dev.hone.DataType;
import java.util.Arrays;

/**
 * One call of a kernel: its name, its size, and its parameters, which are 8 bytes wide each.
 * Addresses are of the device; whoever launches it keeps them good until it has run.
 */
public final class Launch {
  private static final int MAX_THREADS = 256;
  private static final int MAX_BLOCKS = 4096;

  private final String kernel;
  private final int blocks;
  private final int threads;
  private final long[] arguments;

  /**
   * A call.
   *
   * @param kernel the kernel's name in its source
   * @param blocks how many blocks
   * @param threads how many threads in each, 1 to 1024
   * @param arguments the parameters; kept, so not to be changed
   */
  public Launch(String kernel, int blocks, int threads, long... arguments) {
    if (blocks < 1 || threads < 1 || threads > 1024) {
      throw new IllegalArgumentException(
          "A kernel needs at least 1 block of 1 to 1024 threads, but has "
              + blocks
              + " of "
              + threads
              + ".");
    }
    this.kernel = kernel;
    this.blocks = blocks;
    this.threads = threads;
    this.arguments = arguments;
  }

  /**
   * Masked mean and normalization, of {@link KernelSource#MEAN_POOL}.
   *
   * @param type of the token vectors, FLOAT32 or FLOAT16
   * @param hidden token vectors, {@code [rows, length, width]}
   * @param mask INT64 {@code [rows, length]}, 0 for tokens that do not count
   * @param out receives FLOAT32 {@code [rows, width]}
   * @param rows at least 1 and at most 2^31-1
   */
  public static Launch meanPool(
      DataType type, long hidden, long mask, long out, long rows, long length, long width) {
    int threads = Math.max(32, Integer.highestOneBit((int) Math.min(MAX_THREADS, width)));
    return new Launch(
        "mean_pool" + suffix(type),
        Math.toIntExact(rows),
        threads,
        hidden,
        mask,
        out,
        length,
        width);
  }

  /**
   * Images to planes of numbers, of {@link KernelSource#IMAGE}.
   *
   * @param type of the numbers, FLOAT32 or FLOAT16
   * @param in bytes, {@code [images, pixels, channels]}
   * @param out receives {@code [images, channels, pixels]}
   * @param factors FLOAT32 {@code [2, channels]}: what a value is multiplied with, and what is
   *     added
   */
  public static Launch image(
      DataType type, long in, long out, long factors, long images, long pixels, long channels) {
    long blocks = (images * pixels + MAX_THREADS - 1) / MAX_THREADS;
    return new Launch(
        "image_to" + suffix(type),
        (int) Math.max(1, Math.min(MAX_BLOCKS, blocks)),
        MAX_THREADS,
        in,
        out,
        factors,
        images,
        pixels,
        channels);
  }

  private static String suffix(DataType type) {
    return switch (type) {
      case FLOAT32 -> "_float";
      case FLOAT16 -> "_half";
      default ->
          throw new IllegalArgumentException(
              "This kernel works with FLOAT32 or FLOAT16, not with " + type + ".");
    };
  }

  String kernel() {
    return kernel;
  }

  int blocks() {
    return blocks;
  }

  int threads() {
    return threads;
  }

  /** Not to be changed. */
  long[] arguments() {
    return arguments;
  }

  /** For messages. */
  @Override
  public String toString() {
    return kernel + "<<<" + blocks + ", " + threads + ">>>" + Arrays.toString(arguments);
  }
}
