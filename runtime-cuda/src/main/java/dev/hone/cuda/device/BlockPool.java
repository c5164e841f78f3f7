package dev.hone.cuda.device;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongConsumer;

/**
 * Blocks of memory that are used again, by size class: what both pools are made of. Sizes are
 * rounded up to four steps per power of two, at least {@value #SMALLEST_BYTES} bytes, which is how
 * CUDA aligns.
 */
final class BlockPool {
  static final long SMALLEST_BYTES = 256;

  private final Allocator allocator;
  private final LongConsumer free;
  private final long maxIdleBytes;
  private final Map<Long, ArrayDeque<Long>> idle = new HashMap<>();
  private long liveBytes;
  private long idleBytes;
  private long peakBytes;
  private long allocations;
  private long refusals;
  private boolean closed;

  /** Asks CUDA for memory. */
  interface Allocator {
    /** 0, or CUDA's error. */
    int allocate(long bytes, long[] address);
  }

  BlockPool(Allocator allocator, LongConsumer free, long maxIdleBytes) {
    this.allocator = allocator;
    this.free = free;
    this.maxIdleBytes = maxIdleBytes;
  }

  /** The size class of a size; refuses negative ones. */
  static long roundUp(long bytes) {
    if (bytes < 0) {
      throw new IllegalArgumentException("A size must be at least 0 bytes, but is " + bytes + ".");
    }
    if (bytes <= SMALLEST_BYTES) {
      return SMALLEST_BYTES;
    }
    long step = Long.highestOneBit(bytes - 1) >>> 2;
    long rounded = (bytes + step - 1) & -step;
    return rounded < 0 ? bytes : rounded;
  }

  /**
   * A block of a rounded size: 0, or CUDA's error. Where there is none, what is idle in other sizes
   * goes first.
   *
   * @param limitBytes the most that may be live and idle with it
   */
  int take(long rounded, long limitBytes, long[] address) {
    if (takeIdle(rounded, address)) {
      return 0;
    }
    int code = allocate(rounded, limitBytes, address);
    if (code == noMemory() && freeIdle() > 0) {
      code = allocate(rounded, limitBytes, address);
    }
    if (code != 0) {
      refused();
    }
    return code;
  }

  private int allocate(long rounded, long limitBytes, long[] address) {
    if (!reserve(rounded, limitBytes)) {
      return noMemory();
    }
    int code = allocator.allocate(rounded, address);
    allocated(rounded, code == 0);
    return code;
  }

  private synchronized void allocated(long rounded, boolean succeeded) {
    if (succeeded) {
      allocations++;
      peakBytes = Math.max(peakBytes, liveBytes + idleBytes);
    } else {
      liveBytes -= rounded;
    }
  }

  private synchronized void refused() {
    refusals++;
  }

  private static int noMemory() {
    return CudaError.MEMORY_ALLOCATION.code();
  }

  private synchronized boolean takeIdle(long rounded, long[] address) {
    if (closed) {
      throw new IllegalStateException("The device was closed, so it gives no memory any more.");
    }
    ArrayDeque<Long> blocks = idle.get(rounded);
    Long block = blocks == null ? null : blocks.pollLast();
    if (block == null) {
      return false;
    }
    idleBytes -= rounded;
    liveBytes += rounded;
    address[0] = block;
    return true;
  }

  /** Counts a block before it is there, so that two threads do not exceed the limit together. */
  private synchronized boolean reserve(long rounded, long limitBytes) {
    if (rounded > limitBytes - liveBytes - idleBytes) {
      return false;
    }
    liveBytes += rounded;
    return true;
  }

  private long freeIdle() {
    Map<Long, ArrayDeque<Long>> blocks;
    long bytes;
    synchronized (this) {
      blocks = new HashMap<>(idle);
      bytes = idleBytes;
      idle.clear();
      idleBytes = 0;
    }
    blocks.values().forEach(addresses -> addresses.forEach(free::accept));
    return bytes;
  }

  /** Takes a block back: to be used again, or freed where enough is idle. */
  void give(long address, long rounded) {
    if (!keep(address, rounded)) {
      free.accept(address);
    }
  }

  private synchronized boolean keep(long address, long rounded) {
    liveBytes -= rounded;
    if (closed || idleBytes + rounded > maxIdleBytes) {
      return false;
    }
    idleBytes += rounded;
    idle.computeIfAbsent(rounded, size -> new ArrayDeque<>()).addLast(address);
    return true;
  }

  synchronized PoolStats stats() {
    return new PoolStats(liveBytes, idleBytes, peakBytes, allocations, refusals);
  }

  /** Frees what is idle; what is in use is freed when it comes back. */
  void close() {
    synchronized (this) {
      closed = true;
    }
    freeIdle();
  }
}
