package dev.hone.cuda.lane;

import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.DeviceBlock;
import dev.hone.memory.Memory;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one port of a slot: on the device, and page-locked for what the host has in other
 * memory. Grows when a run needs more, which only happens while nothing uses it.
 */
final class Buffers implements AutoCloseable {
  private final CudaDevice device;
  private @Nullable DeviceBlock block;
  private @Nullable Memory staging;

  Buffers(CudaDevice device) {
    this.device = device;
  }

  /** Device memory of at least this size. */
  long onDevice(long bytes) {
    DeviceBlock known = block;
    if (known == null || known.bytes() < bytes) {
      if (known != null) {
        block = null;
        known.close();
      }
      known = device.memory().take(bytes);
      block = known;
    }
    return known.address();
  }

  /** Page-locked memory of at least this size. */
  Memory staging(long bytes) {
    Memory known = staging;
    if (known == null || known.byteSize() < bytes) {
      if (known != null) {
        staging = null;
        known.close();
      }
      known = device.pinned().take(bytes);
      staging = known;
    }
    return known;
  }

  @Override
  public void close() {
    if (block != null) {
      block.close();
      block = null;
    }
    if (staging != null) {
      staging.close();
      staging = null;
    }
  }
}
