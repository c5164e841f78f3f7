package dev.hone.memory;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A piece of native memory, the buffers over it, and the way it goes. Knows no lifetime: whoever
 * holds it {@linkplain #run disposes} of it once.
 *
 * <p>A {@link ByteBuffer} covers less than 2 GiB, so the block is cut into segments of 1 GiB. They
 * are made when first asked for and then kept, because making one is a native call.
 */
final class Block implements Runnable {
  static final int SEGMENT_BITS = 30;
  static final long SEGMENT_BYTES = 1L << SEGMENT_BITS;

  final long address; // 0 where JavaCPP could not be loaded: then there is only a buffer
  final long byteSize;
  final @Nullable String device; // whose memory it is; null for memory of the host
  private final @Nullable Runnable release;
  private final @Nullable Shelf shelf;
  private final @Nullable ByteBuffer[] segments;
  private final boolean readOnly;
  private volatile boolean viewed;

  /**
   * A block.
   *
   * @param buffer the buffer over all of it, where there is one already
   * @param release gives the memory back to where it came from; null for a buffer of someone else,
   *     which its views keep alive
   * @param shelf where a block that nobody views goes instead
   */
  Block(
      long address,
      long byteSize,
      @Nullable ByteBuffer buffer,
      @Nullable Runnable release,
      @Nullable Shelf shelf) {
    this(null, address, byteSize, buffer, release, shelf);
  }

  private Block(
      @Nullable String device,
      long address,
      long byteSize,
      @Nullable ByteBuffer buffer,
      @Nullable Runnable release,
      @Nullable Shelf shelf) {
    this.device = device;
    this.address = address;
    this.byteSize = byteSize;
    this.release = release;
    this.shelf = shelf;
    this.segments = new ByteBuffer[Math.max(1, (int) -Math.floorDiv(-byteSize, SEGMENT_BYTES))];
    this.readOnly = buffer != null && buffer.isReadOnly();
    if (buffer != null) {
      segments[0] = buffer.order(ByteOrder.nativeOrder());
    }
  }

  /** A block of a device's memory: there are no buffers over it. */
  static Block onDevice(String device, long address, long byteSize, Runnable release) {
    return new Block(device, address, byteSize, null, release, null);
  }

  /**
   * The buffer over one segment, native byte order. For reading and writing within this library:
   * what leaves it must come from {@link #view}.
   */
  ByteBuffer segment(int index) {
    ByteBuffer known = segments[index]; // racy, and safe: a buffer's fields are final or idempotent
    return known != null ? known : makeSegment(index);
  }

  private synchronized ByteBuffer makeSegment(int index) {
    ByteBuffer known = segments[index];
    if (known == null) {
      long offset = (long) index << SEGMENT_BITS;
      known = NativeHeap.buffer(address + offset, Math.min(SEGMENT_BYTES, byteSize - offset));
      segments[index] = known;
    }
    return known;
  }

  /**
   * A buffer that keeps the memory alive for as long as it, or what derives from it, is reachable.
   */
  ByteBuffer view(long offset, int length) {
    if (length == 0) {
      return ByteBuffer.allocateDirect(0).order(ByteOrder.nativeOrder());
    }
    viewed = true;
    ByteBuffer segment = segment((int) (offset >>> SEGMENT_BITS));
    int start = (int) (offset & (SEGMENT_BYTES - 1));
    if (start + (long) length > segment.capacity()) {
      throw new IllegalArgumentException(
          "A view may not cross a multiple of 1 GiB, but this one is "
              + length
              + " bytes at "
              + offset
              + ". View the two parts apart.");
    }
    return segment.slice(start, length).order(ByteOrder.nativeOrder());
  }

  /** Copies bytes from one block to another, both of the host. Allocates nothing. */
  static void copy(Block from, long fromOffset, Block to, long toOffset, long length) {
    for (long done = 0; done < length; ) {
      long source = fromOffset + done;
      long target = toOffset + done;
      int sourceStart = (int) (source & (SEGMENT_BYTES - 1));
      int targetStart = (int) (target & (SEGMENT_BYTES - 1));
      int room = (int) (SEGMENT_BYTES - Math.max(sourceStart, targetStart));
      int step = (int) Math.min(length - done, room);
      ByteBuffer read = from.segment((int) (source >>> SEGMENT_BITS));
      to.segment((int) (target >>> SEGMENT_BITS)).put(targetStart, read, sourceStart, step);
      done += step;
    }
  }

  /** Nobody holds the block any more: back to the shelf, or freed now, or freed when unviewed. */
  @Override
  public void run() {
    if (viewed && release != null) {
      // Someone may still look at these bytes, and must not see another tensor's: not to the shelf.
      freeWhenUnreachable();
    } else if (shelf != null) {
      shelf.takeBack(this);
    } else {
      free();
    }
  }

  void free() {
    if (release != null) {
      release.run();
    }
  }

  /** Whether the bytes may not be written. */
  boolean isReadOnly() {
    return readOnly;
  }

  private synchronized void freeWhenUnreachable() {
    Accounting.deferred(byteSize);
    AtomicInteger reachable = new AtomicInteger(1);
    long bytes = byteSize;
    Runnable unreachable =
        () -> {
          if (reachable.decrementAndGet() == 0) {
            Accounting.undeferred(bytes);
            free();
          }
        };
    for (int i = 0; i < segments.length; i++) {
      ByteBuffer segment = segments[i];
      if (segment != null) {
        reachable.incrementAndGet();
        NativeHeap.whenUnreachable(segment, unreachable);
        segments[i] = null;
      }
    }
    unreachable.run();
  }
}
