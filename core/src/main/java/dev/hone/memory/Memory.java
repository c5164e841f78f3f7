package dev.hone.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A region of memory outside the Java heap: of the host, or of a device that has memory of its own.
 *
 * <p><b>Lifetime.</b> Whoever made it closes it. {@link #close} may be called at any time, from any
 * thread, any number of times: the memory goes when the last call that {@linkplain #hold holds} it
 * has {@linkplain #release released} it. A region that becomes unreachable without having been
 * closed is freed when the next thing is opened and, if it was sampled, reported with the place
 * where it was made ({@link LeakDetection}).
 *
 * <p><b>Views.</b> A buffer from {@link #view} shares the memory and keeps it alive: reading it
 * after {@code close} is safe, and the memory then goes only when the garbage collector finds the
 * last view unreachable. Where memory must go at once, copy instead of viewing.
 *
 * <p><b>Devices.</b> The memory of a device has a size and a lifetime like any other, but the host
 * cannot reach its bytes: what would is an {@link IllegalStateException}.
 *
 * <p><b>Threads.</b> Lifetime is thread-safe. The bytes are plain memory: who writes while another
 * reads must order the two.
 */
public final class Memory extends Lifetime {
  private final Block block;
  private final long byteSize;
  private final int offset; // of the first byte in the block
  private final @Nullable Memory whole; // what this is a part of, held until the part goes
  private final LeakDetection.@Nullable Lifeline lifeline; // of a whole

  Memory(Block block, long byteSize, String what) {
    this.block = block;
    this.byteSize = byteSize;
    this.offset = 0;
    this.whole = null;
    this.lifeline = LeakDetection.track(this, what, block);
  }

  /** A part of a region that is held for it. */
  private Memory(Memory whole, int offset, long byteSize) {
    this.block = whole.block;
    this.byteSize = byteSize;
    this.offset = whole.offset + offset;
    this.whole = whole;
    this.lifeline = null;
  }

  /**
   * A region of the C heap: zeroed, at an address that is a multiple of 64.
   *
   * @throws OutOfMemoryError if the system gives none
   */
  public static Memory allocate(long byteSize) {
    requireNotNegative(byteSize);
    return new Memory(
        NativeHeap.allocate(byteSize, NativeHeap.Contents.ZEROED, null), byteSize, "memory");
  }

  /** As {@link #allocate}, but with undefined contents: for memory that is about to be written. */
  public static Memory allocateUninitialized(long byteSize) {
    requireNotNegative(byteSize);
    return new Memory(
        NativeHeap.allocate(byteSize, NativeHeap.Contents.UNDEFINED, null), byteSize, "memory");
  }

  /**
   * A direct buffer in native byte order, with undefined contents, for what lives as long as a
   * value does: a model's bytes. Nobody closes it: it goes when it, and all that derives from it,
   * is unreachable. Unlike {@link ByteBuffer#allocateDirect} it is not limited by the size of the
   * Java heap; it is not counted in {@link #stats}.
   */
  public static ByteBuffer allocateBuffer(int byteSize) {
    requireNotNegative(byteSize);
    return NativeHeap.allocateBuffer(byteSize);
  }

  /**
   * A region over a direct buffer's bytes from position to limit. Copies nothing; the buffer is
   * kept reachable until the region is closed.
   *
   * @throws IllegalArgumentException if the buffer is on the heap
   */
  public static Memory wrap(ByteBuffer direct) {
    Objects.requireNonNull(direct, "buffer to wrap");
    if (!direct.isDirect()) {
      throw new IllegalArgumentException(
          "Zero-copy needs a direct buffer, but this one is on the Java heap. Use"
              + " ByteBuffer.allocateDirect, or copy the values with Tensor.of.");
    }
    ByteBuffer bytes = direct.slice().order(ByteOrder.nativeOrder());
    Block block = new Block(NativeHeap.addressOf(bytes), bytes.capacity(), bytes, null, null);
    return new Memory(block, bytes.capacity(), "wrapped buffer");
  }

  /**
   * A region of a device's own memory; {@code release} runs once, when the region goes. It is not
   * counted in {@link #stats}, for it is none of the host's. For runtimes.
   *
   * @param device where it is, in the words of {@code Device}, for example {@code cuda:0}
   * @param address where it begins there
   */
  public static Memory adoptOnDevice(String device, long address, long byteSize, Runnable release) {
    Objects.requireNonNull(device, "device of adopted memory");
    Objects.requireNonNull(release, "release of adopted memory");
    requireNotNegative(byteSize);
    Block block = Block.onDevice(device, address, byteSize, release);
    return new Memory(block, byteSize, "memory of " + device);
  }

  /**
   * A region at an address that native code gave; {@code release} runs once, when the region goes.
   * For runtimes.
   */
  public static Memory adopt(long address, long byteSize, Runnable release) {
    Objects.requireNonNull(release, "release of adopted memory");
    requireNotNegative(byteSize);
    Accounting.allocated(byteSize);
    Runnable free =
        () -> {
          release.run();
          Accounting.freed(byteSize);
        };
    return new Memory(new Block(address, byteSize, null, free, null), byteSize, "adopted memory");
  }

  /**
   * A part of this region, with a life of its own: the bytes go when the region and all its parts
   * are closed. For many small regions at the price of one; of those that are forgotten, only the
   * region is reported.
   *
   * @param offset the part's first byte; give a multiple of 64 where its address shall be one
   * @throws IllegalStateException if the region is closed
   * @throws IllegalArgumentException if the bytes are not inside the region
   */
  public Memory part(int offset, long byteSize) {
    checkRange(offset, byteSize);
    Memory part = new Memory(this, offset, byteSize);
    hold();
    return part;
  }

  static void requireNotNegative(long byteSize) {
    if (byteSize < 0) {
      throw new IllegalArgumentException(
          "A size must be at least 0 bytes, but is " + byteSize + ".");
    }
  }

  /**
   * Live and peak bytes of all memory that Hone holds in this process. Only reads: it waits for
   * nobody and frees nothing, so gauges may ask it at any time. What was forgotten counts for as
   * long as it is held; {@link LeakDetection} says when that ends.
   */
  public static MemoryStats stats() {
    return Accounting.stats();
  }

  /** Lets the peak of {@link #stats} start again from what is live now. */
  public static void resetPeak() {
    Accounting.resetPeak();
  }

  /** The size in bytes. */
  public long byteSize() {
    return byteSize;
  }

  /** The device whose memory it is, for example {@code cuda:0}; null for memory of the host. */
  public @Nullable String device() {
    return block.device;
  }

  /**
   * The address of the first byte in the memory of {@link #device}. Only good while the region is
   * held.
   *
   * @throws IllegalStateException if it is memory of the host
   */
  public long deviceAddress() {
    if (block.device == null) {
      throw new IllegalStateException(
          "Only memory of a device has an address there, but this is of the host. Copy it to the"
              + " device first.");
    }
    return block.address + offset;
  }

  /**
   * Whether the first bytes of one region are, in part, those of another. Reads none of them, so
   * the regions may be closed.
   */
  public static boolean overlap(Memory one, long oneBytes, Memory other, long otherBytes) {
    Objects.requireNonNull(one, "memory to compare");
    Objects.requireNonNull(other, "memory to compare with");
    if (one.block != other.block
        && (one.block.address == 0 // only JavaCPP tells where buffers lie
            || !Objects.equals(one.block.device, other.block.device))) {
      return false;
    }
    long start = one.block.address + one.offset;
    long otherStart = other.block.address + other.offset;
    return start < otherStart + otherBytes && otherStart < start + oneBytes;
  }

  private void requireHost() {
    if (block.device != null) {
      throw new IllegalStateException(
          "Only memory of the host can be read and written from Java, but this lies on "
              + block.device
              + ". Copy it to a tensor of the host first, or from one: GpuMemory of"
              + " hone-runtime-cuda does both.");
    }
  }

  /**
   * The address of the first byte. Only good while the region is held.
   *
   * @throws IllegalStateException if it is memory of a device, or if JavaCPP has no native library
   *     for this machine
   */
  public long address() {
    requireHost();
    if (block.address == 0 && byteSize > 0) {
      throw new IllegalStateException(
          "This memory has no address, because JavaCPP's native library did not load on this"
              + " machine. Add org.bytedeco:javacpp-platform for it.",
          NativeHeap.absence());
    }
    return block.address + offset;
  }

  @Override
  void end() {
    if (whole != null) {
      whole.release();
    } else if (lifeline != null) {
      lifeline.cut();
    }
  }

  /** Whether the bytes may not be written: the region wraps a read-only buffer. */
  public boolean isReadOnly() {
    return block.isReadOnly();
  }

  @Override
  IllegalStateException closed() {
    return new IllegalStateException(
        "This memory of "
            + byteSize
            + " bytes was closed: its contents are gone. Close a tensor, or the batch that it is in,"
            + " after its last use.");
  }

  /**
   * A buffer over some of the bytes, in native byte order, that shares them and keeps them alive.
   *
   * @param offset the first byte
   * @param length the number of bytes; the view may not cross a multiple of 1 GiB
   * @throws IllegalStateException if the region is closed
   * @throws IllegalArgumentException if the bytes are not inside the region or cross a multiple of
   *     1 GiB
   */
  public ByteBuffer view(long offset, int length) {
    requireHost();
    checkRange(offset, length);
    hold();
    try {
      return block.view(this.offset + offset, length);
    } finally {
      release();
    }
  }

  /**
   * Lends buffers over some of the bytes for the time of this call, one after the other, each
   * within 1 GiB and in native byte order. The region is held meanwhile. Unlike a {@link #view}, a
   * lent buffer does not keep the memory alive: it must not be used after {@code use} returns.
   *
   * @throws IllegalStateException if the region is closed
   * @throws IllegalArgumentException if the bytes are not inside the region
   */
  public void lend(long offset, long length, Consumer<ByteBuffer> use) {
    Objects.requireNonNull(use, "use of lent memory");
    requireHost();
    checkRange(offset, length);
    hold();
    try {
      for (long done = 0; done < length; ) {
        long at = this.offset + offset + done;
        ByteBuffer segment = block.segment((int) (at >>> Block.SEGMENT_BITS));
        int start = (int) (at & (Block.SEGMENT_BYTES - 1));
        int step = (int) Math.min(length - done, segment.capacity() - start);
        use.accept(segment.slice(start, step).order(ByteOrder.nativeOrder()));
        done += step;
      }
    } finally {
      release();
    }
  }

  /** Copies bytes from one region to another. Neither may be closed. */
  public static void copy(Memory from, long fromOffset, Memory to, long toOffset, long length) {
    Objects.requireNonNull(from, "memory to copy from");
    Objects.requireNonNull(to, "memory to copy to");
    from.hold();
    try {
      to.hold();
      try {
        copyHeld(from, fromOffset, to, toOffset, length);
      } finally {
        to.release();
      }
    } finally {
      from.release();
    }
  }

  /**
   * As {@link #copy}, for regions that may have been closed while the caller held them. The caller
   * keeps both alive: it holds them, or nobody else can close them. Allocates nothing.
   *
   * @throws IllegalStateException if a region is closed and nobody holds it
   * @throws IllegalArgumentException if the bytes are not inside the regions
   */
  public static void copyHeld(Memory from, long fromOffset, Memory to, long toOffset, long length) {
    from.requireHost();
    to.requireHost();
    from.checkRange(fromOffset, length);
    to.checkRange(toOffset, length);
    if (from.isGone() || to.isGone()) {
      throw (from.isGone() ? from : to).closed();
    }
    Block.copy(from.block, from.offset + fromOffset, to.block, to.offset + toOffset, length);
  }

  private void checkRange(long offset, long length) {
    if (offset < 0 || length < 0 || offset > byteSize - length) {
      throw new IllegalArgumentException(
          "Bytes "
              + offset
              + " to "
              + (offset + length)
              + " are not inside this memory of "
              + byteSize
              + " bytes.");
    }
  }
}
