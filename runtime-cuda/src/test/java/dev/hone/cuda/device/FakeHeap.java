package dev.hone.cuda.device;

import dev.hone.memory.Memory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The memory of a {@link FakeCuda}, and everything that can be wrong with an access to it: bounds,
 * use after free, double free, and two accesses that nothing orders. Freed memory keeps its address
 * to itself, so a late access is always found. Pinned memory is real and keeps its bytes until the
 * fake is unreachable, so that a late access by Java is a wrong value and never a crash.
 */
public final class FakeHeap {
  private static final long DEVICE_BASE = 0x7f_0000_0000_0000L;
  private static final long GUARD_BYTES = 1L << 16;
  private static final byte FRESH = (byte) 0xA5;
  private static final byte FREED = (byte) 0xDD;

  private final TreeMap<Long, Allocation> allocations = new TreeMap<>();
  private final List<String> violations;
  private final FakeClock host;
  private long nextDeviceAddress = DEVICE_BASE;
  private long liveDeviceBytes;
  private int live;

  FakeHeap(FakeClock host, List<String> violations) {
    this.host = host;
    this.violations = violations;
  }

  /** A range of bytes that an operation reads or writes. */
  public record Access(long address, long bytes, boolean write) {
    public static Access read(long address, long bytes) {
      return new Access(address, bytes, false);
    }

    public static Access write(long address, long bytes) {
      return new Access(address, bytes, true);
    }

    boolean conflictsWith(Access other) {
      return (write || other.write)
          && address < other.address + other.bytes
          && other.address < address + bytes;
    }

    @Override
    public String toString() {
      return (write ? "write of " : "read of ")
          + bytes
          + " bytes at 0x"
          + Long.toHexString(address);
    }
  }

  private record Use(Access access, int timeline, int tick, String what) {}

  private static final class Allocation {
    final long address;
    final long bytes;
    final boolean onDevice;
    final ByteBuffer data;
    final List<Use> uses = new ArrayList<>();
    boolean freed;

    Allocation(long address, long bytes, boolean onDevice, ByteBuffer data) {
      this.address = address;
      this.bytes = bytes;
      this.onDevice = onDevice;
      this.data = data;
    }

    void fill(byte value) {
      for (int i = 0; i < data.capacity(); i++) {
        data.put(i, value);
      }
    }

    @Override
    public String toString() {
      return (onDevice ? "device" : "pinned") + " memory of " + bytes + " bytes";
    }
  }

  long allocateOnDevice(long bytes) {
    long address = nextDeviceAddress;
    nextDeviceAddress += (bytes + GUARD_BYTES + 255) & -256;
    ByteBuffer data = ByteBuffer.allocate(Math.toIntExact(bytes)).order(ByteOrder.nativeOrder());
    liveDeviceBytes += bytes;
    return add(new Allocation(address, bytes, true, data));
  }

  long allocatePinned(long bytes) {
    ByteBuffer data = ByteBuffer.allocateDirect(Math.toIntExact(bytes) + 64).alignedSlice(64);
    long address;
    try (Memory memory = Memory.wrap(data)) {
      address = memory.address();
    }
    return add(new Allocation(address, bytes, false, data.order(ByteOrder.nativeOrder())));
  }

  private long add(Allocation allocation) {
    allocation.fill(FRESH);
    allocations.put(allocation.address, allocation);
    live++;
    return allocation.address;
  }

  /** Whether there was something to free. */
  boolean free(long address, boolean onDevice) {
    Allocation allocation = allocations.get(address);
    if (allocation == null || allocation.onDevice != onDevice) {
      violations.add("free of 0x" + Long.toHexString(address) + ", which was never allocated");
      return false;
    }
    if (allocation.freed) {
      violations.add("double free of " + allocation);
      return false;
    }
    prune(allocation);
    for (Use use : allocation.uses) {
      violations.add(allocation + " was freed while " + use.what + " may still use it");
    }
    allocation.freed = true;
    allocation.fill(FREED);
    live--;
    liveDeviceBytes -= onDevice ? allocation.bytes : 0;
    return true;
  }

  /** An operation was queued: is all that it uses there, and ordered after what it must follow? */
  boolean queued(FakeOperation operation) {
    boolean fine = true;
    for (Access access : operation.accesses()) {
      Allocation allocation = find(access, operation.what());
      fine &= allocation != null;
      if (allocation != null) {
        prune(allocation);
        for (Use use : allocation.uses) {
          if (use.access.conflictsWith(access) && !operation.follows(use.timeline, use.tick)) {
            violations.add(
                "nothing orders " + operation.what() + " (" + access + ") after " + use.what);
          }
        }
        allocation.uses.add(
            new Use(access, operation.timeline(), operation.tick(), operation.what()));
      }
    }
    return fine;
  }

  /** What the host has seen end is ordered before everything that comes. */
  private void prune(Allocation allocation) {
    allocation.uses.removeIf(use -> host.includes(use.timeline, use.tick));
  }

  /** Finds live memory that holds all of an access, or notes what is wrong. */
  private @Nullable Allocation find(Access access, String what) {
    Map.Entry<Long, Allocation> below = allocations.floorEntry(access.address);
    Allocation allocation = below == null ? null : below.getValue();
    if (allocation == null || access.address >= allocation.address + allocation.bytes) {
      violations.add(what + ": " + access + ", where nothing is");
      return null;
    }
    if (access.address + access.bytes > allocation.address + allocation.bytes) {
      violations.add(what + ": " + access + ", beyond the end of " + allocation);
      return null;
    }
    if (allocation.freed) {
      violations.add(what + ": " + access + ", in freed " + allocation);
      return null;
    }
    return allocation;
  }

  boolean isLive(Access access, String what) {
    return find(access, what) != null;
  }

  /** Whether the address lies in memory of this kind, live or not. */
  boolean isOfKind(long address, boolean onDevice) {
    Map.Entry<Long, Allocation> below = allocations.floorEntry(address);
    return below != null
        && below.getValue().onDevice == onDevice
        && address < below.getKey() + below.getValue().bytes;
  }

  /** A buffer over live bytes, for who runs an operation. */
  public ByteBuffer bytes(long address, long bytes) {
    Allocation allocation = find(Access.read(address, bytes), "a kernel");
    if (allocation == null) {
      throw new IllegalArgumentException("No live memory there; the violations say what is wrong.");
    }
    return allocation
        .data
        .slice((int) (address - allocation.address), (int) bytes)
        .order(ByteOrder.nativeOrder());
  }

  /** Overwrites what a copy will write, unless something queued still uses it. */
  void poison(long address, long bytes) {
    Map.Entry<Long, Allocation> below = allocations.floorEntry(address);
    if (below != null && below.getValue().uses.size() <= 1) { // the one is the copy itself
      ByteBuffer target = bytes(address, bytes);
      for (int i = 0; i < bytes; i++) {
        target.put(i, FRESH);
      }
    }
  }

  int live() {
    return live;
  }

  long liveDeviceBytes() {
    return liveDeviceBytes;
  }
}
