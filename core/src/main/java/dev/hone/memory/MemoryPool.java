package dev.hone.memory;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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

  private final long maxIdleBytes;
  private final Map<Long, ArrayDeque<Block>> idle = new HashMap<>();
  private long idleBytes;
  private boolean closed;

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
    this.maxIdleBytes = maxIdleBytes;
  }

  /**
   * Memory of this size with undefined contents. Closing it gives it back.
   *
   * @throws IllegalStateException if the pool is closed
   */
  public Memory take(long byteSize) {
    long rounded = roundUp(byteSize);
    Block block = takeIdle(rounded);
    if (block == null) {
      block = NativeHeap.allocate(rounded, NativeHeap.Contents.UNDEFINED, this);
    }
    return new Memory(block, byteSize, "pooled memory");
  }

  private synchronized @Nullable Block takeIdle(long rounded) {
    if (closed) {
      throw new IllegalStateException("The memory pool was closed.");
    }
    ArrayDeque<Block> blocks = idle.get(rounded);
    Block block = blocks == null ? null : blocks.pollLast(); // the last one used is still in cache
    if (block != null) {
      idleBytes -= rounded;
    }
    return block;
  }

  void takeBack(Block block) {
    if (!keep(block)) {
      block.free();
    }
  }

  private synchronized boolean keep(Block block) {
    if (closed || idleBytes + block.byteSize > maxIdleBytes) {
      return false;
    }
    idleBytes += block.byteSize;
    idle.computeIfAbsent(block.byteSize, size -> new ArrayDeque<>()).addLast(block);
    return true;
  }

  /** Bytes that wait to be used again. */
  public synchronized long idleBytes() {
    return idleBytes;
  }

  @Override
  public synchronized void close() {
    closed = true;
    idle.values().forEach(blocks -> blocks.forEach(Block::free));
    idle.clear();
    idleBytes = 0;
  }

  static long roundUp(long byteSize) {
    if (byteSize <= SMALLEST_BYTES) {
      return SMALLEST_BYTES;
    }
    long step = Long.highestOneBit(byteSize - 1) >>> 2;
    return (byteSize + step - 1) & -step;
  }
}
