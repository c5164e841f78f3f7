package dev.hone.cuda;

import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaStream;
import dev.hone.cuda.device.DeviceBlock;
import dev.hone.memory.LeakDetection;
import dev.hone.memory.Memory;

/**
 * Memory of an NVIDIA GPU for tensors that stay there from run to run, so that what one run gives
 * another one takes without a copy to the host and back:
 *
 * <pre>{@code
 * try (GpuMemory gpu = GpuMemory.of(0);
 *     Tensor x = gpu.allocate(DataType.FLOAT32, Shape.of(32, 384));
 *     Tensor y = gpu.allocate(DataType.FLOAT32, Shape.of(32, 2));
 *     Batch in = Batch.of("x", x);
 *     Batch out = Batch.of("y", y)) {
 *   gpu.copyToGpu(values, x);
 *   session.run(in, out);
 *   gpu.copyToHost(y, answers);
 * }
 * }</pre>
 *
 * <p>A session on the same GPU takes such tensors as inputs, and in {@code run(in, out)} as outputs
 * whose shapes the inputs tell; a model with sequences takes none. A {@code Batcher} over it runs
 * such calls by themselves. Sessions elsewhere refuse them, and so does all that would read them
 * from Java.
 *
 * <p><b>Ownership.</b> Whoever allocates a tensor closes it. A forgotten one is given back by the
 * garbage collector and reported. Closing this keeps tensors that are still open good until they
 * are closed, and tells of them in the log. <b>Errors.</b> {@link
 * HoneException.OutOfMemoryException} where the GPU has no memory left. <b>Threads.</b> Safe to
 * share; copies wait for each other. Never run on a GPU yet.
 */
public final class GpuMemory implements AutoCloseable {
  private static final long CHUNK_BYTES = 4L << 20;

  private final CudaDevice device;
  private final CudaStream stream;
  private final LeakDetection.Lifeline lifeline;
  private boolean closed;

  /** On this device, which is closed with it. */
  GpuMemory(CudaDevice device) {
    this.device = device;
    CudaStream copies;
    try {
      copies = device.openStream();
    } catch (RuntimeException | Error e) {
      device.close();
      throw e;
    }
    this.stream = copies;
    this.lifeline =
        LeakDetection.track(
            this,
            "memory of a GPU",
            () -> {
              copies.close();
              device.close();
            });
  }

  /**
   * Of one GPU.
   *
   * @param ordinal its number as CUDA counts, from 0
   * @throws HoneException if it cannot be used, with all that is in the way
   */
  public static GpuMemory of(int ordinal) {
    return new GpuMemory(new CudaSupport().device(ordinal));
  }

  /**
   * A tensor with undefined elements.
   *
   * @throws IllegalArgumentException for strings, which lie nowhere but on the Java heap
   */
  public Tensor allocate(DataType type, Shape shape) {
    if (type == DataType.STRING) {
      throw new IllegalArgumentException(
          "A tensor on a GPU must have elements of fixed size, but these are STRING. Use"
              + " Tensor.of(String[]).");
    }
    long bytes = type.byteSize(shape.elementCount());
    DeviceBlock block = device.memory().take(bytes);
    Memory memory = Memory.adoptOnDevice(device.name(), block.address(), bytes, block::close);
    return Tensor.of(type, shape, memory);
  }

  /**
   * Copies all elements, and returns when they are there.
   *
   * @param host a tensor of the host
   * @param onGpu a tensor on this GPU, of the same type and number of elements
   */
  public void copyToGpu(Tensor host, Tensor onGpu) {
    requireSameElements(host, onGpu);
    requireOnGpu(onGpu);
    requireOnHost(host);
    copy(host, onGpu, true);
  }

  /**
   * Copies all elements, and returns when they are there.
   *
   * @param onGpu a tensor on this GPU
   * @param host a tensor of the host, of the same type and number of elements
   */
  public void copyToHost(Tensor onGpu, Tensor host) {
    requireSameElements(onGpu, host);
    requireOnGpu(onGpu);
    requireOnHost(host);
    if (host.memory().isReadOnly()) {
      throw new IllegalArgumentException(
          "The tensor to copy to must be memory that can be written, but is a read-only buffer."
              + " Wrap the buffer itself.");
    }
    copy(host, onGpu, false);
  }

  private static void requireSameElements(Tensor from, Tensor to) {
    if (from.type() != to.type() || from.shape().elementCount() != to.shape().elementCount()) {
      throw new IllegalArgumentException(
          "Elements can be copied between tensors of one type and count, but these are "
              + from
              + " and "
              + to
              + ".");
    }
  }

  private void requireOnGpu(Tensor tensor) {
    String where = tensor.memory().device();
    if (!device.name().equals(where)) {
      throw new IllegalArgumentException(
          "One of the two tensors must lie on "
              + device.name()
              + ", but it lies on "
              + (where == null ? "the host" : where)
              + ". Make it with allocate.");
    }
  }

  private static void requireOnHost(Tensor tensor) {
    String where = tensor.memory().device();
    if (where != null) {
      throw new IllegalArgumentException(
          "One of the two tensors must be of the host, but it lies on "
              + where
              + ". Make it with Tensor.allocate.");
    }
  }

  private synchronized void copy(Tensor host, Tensor onGpu, boolean toGpu) {
    if (closed) {
      throw new IllegalStateException("This memory of a GPU was closed, so it copies no more.");
    }
    onGpu.memory().hold();
    try {
      host.memory().hold();
      try {
        copyHeld(host.memory(), onGpu.memory(), host.byteSize(), toGpu);
      } finally {
        host.memory().release();
      }
    } finally {
      onGpu.memory().release();
    }
  }

  /** In parts, by way of page-locked memory, which is all that a GPU can copy from by itself. */
  private void copyHeld(Memory host, Memory onGpu, long bytes, boolean toGpu) {
    if (bytes == 0) {
      return;
    }
    try (Memory staging = device.pinned().take(Math.min(bytes, CHUNK_BYTES))) {
      for (long done = 0; done < bytes; done += CHUNK_BYTES) {
        long part = Math.min(bytes - done, CHUNK_BYTES);
        long address = onGpu.deviceAddress() + done;
        try {
          if (toGpu) {
            Memory.copyHeld(host, done, staging, 0, part);
            stream.copyToDevice(address, staging.address(), part);
          } else {
            stream.copyToHost(staging.address(), address, part);
          }
          stream.synchronize();
        } catch (RuntimeException | Error e) {
          stream.drain(); // before the staging is anybody else's
          throw e;
        }
        if (!toGpu) {
          Memory.copyHeld(staging, 0, host, done, part);
        }
      }
    }
  }

  /** The device, for kernels on tensors of this. */
  synchronized CudaDevice device() {
    if (closed) {
      throw new IllegalStateException(
          "This memory of a GPU was closed, so no kernel can work on it any more.");
    }
    return device;
  }

  /** The bytes that tensors have now, each rounded up to a size that the pool keeps. */
  public long liveBytes() {
    return device.memory().stats().liveBytes();
  }

  /** The bytes that no tensor has, kept for the next one. */
  public long idleBytes() {
    return device.memory().stats().idleBytes();
  }

  /** The most bytes of the GPU that this has held at one time, idle ones with them. */
  public long peakBytes() {
    return device.memory().stats().peakBytes();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    lifeline.cut();
  }
}
