package dev.hone.memory;

import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * The C heap, reached through JavaCPP: the only class of core that touches it.
 *
 * <p>Where JavaCPP has no library for this machine, memory comes from direct buffers instead. That
 * is enough for code that never leaves Java, such as an application's unit tests; asking for an
 * address then tells why there is none.
 */
final class NativeHeap {
  private static final long ALIGNMENT = 64; // a cache line, and the widest vector register

  private NativeHeap() {}

  /** JavaCPP's library, loaded at the first use; its absence is kept as a value. */
  private static final class Library {
    static final @Nullable Throwable ABSENCE = load();

    private static @Nullable Throwable load() {
      try {
        Loader.load(Pointer.class);
        return Pointer.sizeof(BytePointer.class) == 1 ? null : new LinkageError("unexpected size");
      } catch (LinkageError | RuntimeException e) {
        return e;
      }
    }
  }

  /** Starts its thread at the first use, which is the first view that outlives its memory. */
  private static final class Cleaning {
    static final Cleaner CLEANER = Cleaner.create();
  }

  static void whenUnreachable(Object object, Runnable action) {
    Cleaning.CLEANER.register(object, action);
  }

  /** Why there are no addresses, or null if there are. */
  static @Nullable Throwable absence() {
    return Library.ABSENCE;
  }

  /** A block of at least {@code byteSize} bytes at a multiple of 64, all zero if so asked. */
  static Block allocate(long byteSize, Contents contents, @Nullable Shelf shelf) {
    Accounting.relieve();
    if (absence() != null) {
      return allocateDirect(byteSize, shelf);
    }
    long padded = Math.max(byteSize, 1) + ALIGNMENT - 1; // negative where no heap is so large
    Pointer base =
        padded < 0
            ? null
            : contents == Contents.ZEROED ? Pointer.calloc(1, padded) : Pointer.malloc(padded);
    if (base == null || base.isNull()) {
      throw outOfMemory(byteSize);
    }
    long aligned = (base.address() + ALIGNMENT - 1) & -ALIGNMENT;
    Accounting.allocated(byteSize);
    Runnable free =
        () -> {
          Pointer.free(base);
          Accounting.freed(byteSize);
        };
    return new Block(aligned, byteSize, null, free, shelf);
  }

  private static OutOfMemoryError outOfMemory(long byteSize) {
    return new OutOfMemoryError(
        "The system gave no "
            + byteSize
            + " bytes of native memory; "
            + Accounting.stats()
            + ". Close tensors earlier, use smaller batches, or raise the memory limit.");
  }

  /** A buffer of its own, freed when nothing refers to it any more. */
  static ByteBuffer allocateBuffer(int byteSize) {
    if (absence() != null) {
      return ByteBuffer.allocateDirect(byteSize).order(ByteOrder.nativeOrder());
    }
    Pointer base = Pointer.malloc(Math.max(byteSize, 1));
    if (base == null || base.isNull()) {
      throw outOfMemory(byteSize);
    }
    ByteBuffer buffer = buffer(base.address(), byteSize);
    whenUnreachable(buffer, () -> Pointer.free(base));
    return buffer;
  }

  private static Block allocateDirect(long byteSize, @Nullable Shelf shelf) {
    if (byteSize > Integer.MAX_VALUE - ALIGNMENT) {
      throw new OutOfMemoryError(
          "Without JavaCPP's native library a tensor holds less than 2 GiB, not "
              + byteSize
              + " bytes; "
              + absence());
    }
    ByteBuffer whole = ByteBuffer.allocateDirect((int) (byteSize + ALIGNMENT));
    int skip = (int) ((ALIGNMENT - whole.alignmentOffset(0, (int) ALIGNMENT)) % ALIGNMENT);
    ByteBuffer aligned = whole.slice(skip, (int) byteSize);
    Accounting.allocated(byteSize);
    return new Block(0, byteSize, aligned, () -> Accounting.freed(byteSize), shelf);
  }

  /** The address of a direct buffer's first byte (its position 0), or 0 without JavaCPP. */
  static long addressOf(ByteBuffer direct) {
    return absence() == null ? new BytePointer(direct.duplicate().clear()).address() : 0;
  }

  static ByteBuffer buffer(long address, long byteSize) {
    ByteBuffer bytes = new Region(address, byteSize).asByteBuffer();
    if (byteSize == 0) {
      bytes = bytes.limit(0).slice(); // JavaCPP makes one of a byte
    }
    return bytes.order(ByteOrder.nativeOrder());
  }

  /** What a fresh block holds. */
  enum Contents {
    ZEROED,
    UNDEFINED
  }

  /** A pointer at an address that something else owns. */
  private static final class Region extends BytePointer {
    Region(long address, long byteSize) {
      super((Pointer) null);
      this.address = address;
      this.limit = byteSize;
      this.capacity = byteSize;
    }
  }
}
