package dev.hone.cuda.device;

import dev.hone.memory.Memory;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Page-locked memory of the host, kept for later use: the device copies from and to it by itself,
 * while the host goes on. It is taken from the memory of the whole machine, so it has a limit;
 * beyond that there is ordinary memory and one more copy. Thread-safe; closed with its device,
 * after which memory still in use stays good until it is closed.
 */
public final class PinnedPool {
  private final CudaDevice device;
  private final BlockPool blocks;
  private final long limitBytes;
  private final Object rangesLock = new Object();
  private volatile long[] ranges = {}; // starts and ends by turns, in ascending order

  PinnedPool(CudaDevice device, MemoryLimits limits) {
    this.device = device;
    this.limitBytes = limits.pinnedBytes();
    this.blocks = new BlockPool(this::allocate, this::free, limits.idlePinnedBytes());
  }

  private int allocate(long bytes, long[] address) {
    int code = device.outsideCapture(() -> device.api().hostAlloc(bytes, address));
    if (code == 0) {
      synchronized (rangesLock) {
        long[] known = Arrays.copyOf(ranges, ranges.length + 2);
        known[known.length - 2] = address[0];
        known[known.length - 1] = address[0] + bytes;
        Arrays.sort(known); // ranges do not overlap, so pairs stay pairs
        ranges = known;
      }
    }
    return code;
  }

  private void free(long address) {
    synchronized (rangesLock) {
      int start = Arrays.binarySearch(ranges, address);
      long[] known = new long[ranges.length - 2];
      System.arraycopy(ranges, 0, known, 0, start);
      System.arraycopy(ranges, start + 2, known, start, known.length - start);
      ranges = known;
    }
    device.release(() -> device.api().freeHost(address), "page-locked memory");
  }

  /**
   * Memory with undefined contents. Closing it gives it back; while a view of it is reachable, it
   * is not used again.
   *
   * @throws dev.hone.HoneException.OutOfMemoryException if there is none
   * @throws IllegalStateException if the device is closed
   */
  public Memory take(long bytes) {
    long[] address = new long[1];
    int code = take(bytes, Long.MAX_VALUE, address);
    device.check(code, "taking " + bytes + " bytes page-locked");
    return adopted(address[0], bytes);
  }

  /** As {@link #take}, or null where the limit or the machine leaves none. */
  public @Nullable Memory takeIfThereIs(long bytes) {
    long[] address = new long[1];
    int code = take(bytes, limitBytes, address);
    if (code == CudaError.MEMORY_ALLOCATION.code()) {
      return null;
    }
    device.check(code, "taking " + bytes + " bytes page-locked");
    return adopted(address[0], bytes);
  }

  private int take(long bytes, long mostBytes, long[] address) {
    device.check(0, "taking page-locked memory"); // what is idle on a lost one may be in use
    return blocks.take(BlockPool.roundUp(bytes), mostBytes, address);
  }

  private Memory adopted(long address, long bytes) {
    long rounded = BlockPool.roundUp(bytes);
    return Memory.adopt(address, bytes, () -> blocks.give(address, rounded));
  }

  /** Whether all of a range is page-locked memory of this pool. Allocates nothing. */
  public boolean contains(long address, long bytes) {
    long[] known = ranges;
    int found = Arrays.binarySearch(known, address);
    int before = found >= 0 ? found : -found - 2;
    if (found >= 0 && (found & 1) == 1) {
      // The end of one range may be the start of the next.
      before = found + 1 < known.length && known[found + 1] == address ? found + 1 : -1;
    }
    return before >= 0 && (before & 1) == 0 && address + bytes <= known[before + 1];
  }

  /** What it holds. */
  public PoolStats stats() {
    return blocks.stats();
  }

  void close() {
    blocks.close();
  }
}
