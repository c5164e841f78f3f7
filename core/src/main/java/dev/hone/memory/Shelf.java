package dev.hone.memory;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The idle blocks of a {@link MemoryPool}, by size. Apart from the pool, so that the blocks in use
 * do not keep a forgotten pool reachable.
 */
final class Shelf {
  private final long maxIdleBytes;
  private final Map<Long, ArrayDeque<Block>> idle = new HashMap<>();
  private long idleBytes;
  private boolean closed;

  Shelf(long maxIdleBytes) {
    this.maxIdleBytes = maxIdleBytes;
  }

  synchronized @Nullable Block take(long byteSize) {
    if (closed) {
      throw new IllegalStateException("The memory pool was closed.");
    }
    ArrayDeque<Block> blocks = idle.get(byteSize);
    Block block = blocks == null ? null : blocks.pollLast(); // the last one used is still in cache
    if (block != null) {
      idleBytes -= byteSize;
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

  synchronized long idleBytes() {
    return idleBytes;
  }

  synchronized void close() {
    closed = true;
    idle.values().forEach(blocks -> blocks.forEach(Block::free));
    idle.clear();
    idleBytes = 0;
  }
}
