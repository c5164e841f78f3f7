package dev.hone.memory;

/**
 * Memory that is used again instead of being freed. For tensors of sizes that recur: taking one
 * costs no system call, and its pages are already mapped.
 *
 * <p>Sizes are rounded up to four steps per power of two, so at most a fifth of a block is unused.
 * The pool belongs to who made it and is thread-safe. After {@link #close} idle blocks are freed,
 * and blocks still in use are freed when their memory is closed.
 */
public final class MemoryPool implements AutoCloseable {
  private static final long SMALLEST_BYTES = 64;

  private final Shelf shelf;
  private final LeakDetection.Lifeline lifeline;

  /**
   * A pool.
   *
   * @param maxIdleBytes the most bytes kept for later; what comes back beyond that is freed
   */
  public MemoryPool(long maxIdleBytes) {
    if (maxIdleBytes < 0) {
      throw new IllegalArgumentException(
          "The idle limit must be at least 0 bytes, but is " + maxIdleBytes + ".");
    }
    this.shelf = new Shelf(maxIdleBytes);
    this.lifeline = LeakDetection.track(this, "memory pool", shelf::close);
  }

  /**
   * Memory of this size with undefined contents. Closing it gives it back.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public Memory take(long byteSize) {
    Memory.requireNotNegative(byteSize);
    long rounded = roundUp(byteSize);
    Block block = shelf.take(rounded);
    if (block == null) {
      block = NativeHeap.allocate(rounded, NativeHeap.Contents.UNDEFINED, shelf);
    }
    return new Memory(block, byteSize, "pooled memory");
  }

  /** Bytes that wait to be used again. */
  public long idleBytes() {
    return shelf.idleBytes();
  }

  @Override
  public void close() {
    lifeline.cut();
  }

  static long roundUp(long byteSize) {
    if (byteSize <= SMALLEST_BYTES) {
      return SMALLEST_BYTES;
    }
    long step = Long.highestOneBit(byteSize - 1) >>> 2;
    long rounded = (byteSize + step - 1) & -step;
    return rounded < 0 ? byteSize : rounded; // more than there can be
  }
}
