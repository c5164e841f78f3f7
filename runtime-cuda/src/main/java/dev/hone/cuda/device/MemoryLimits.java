package dev.hone.cuda.device;

/**
 * How much memory the pools of a device may hold.
 *
 * @param deviceBytes the most device memory, in use and idle; ONNX Runtime's own comes on top
 * @param idleDeviceBytes the most device memory kept for later use
 * @param pinnedBytes how much page-locked memory, in use and idle, there may be before results come
 *     in ordinary memory; it counts as the process's own
 * @param idlePinnedBytes the most page-locked memory kept for later use
 */
public record MemoryLimits(
    long deviceBytes, long idleDeviceBytes, long pinnedBytes, long idlePinnedBytes) {
  /** No limit on the device but its own; 256 MiB page-locked; 64 MiB idle of each. */
  public static final MemoryLimits DEFAULT =
      new MemoryLimits(Long.MAX_VALUE, 64L << 20, 256L << 20, 64L << 20);

  /** Refuses negative numbers. */
  public MemoryLimits {
    if (deviceBytes < 0 || idleDeviceBytes < 0 || pinnedBytes < 0 || idlePinnedBytes < 0) {
      throw new IllegalArgumentException(
          "Limits of memory must be at least 0 bytes, but are "
              + deviceBytes
              + ", "
              + idleDeviceBytes
              + ", "
              + pinnedBytes
              + " and "
              + idlePinnedBytes
              + ".");
    }
  }
}
