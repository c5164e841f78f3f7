package dev.hone.cuda.device;

/**
 * Memory of a device, kept for later use. Thread-safe; closed with its device.
 *
 * <p>A block may be given back only when the host has seen its last use end: the next owner may use
 * it on any stream.
 */
public final class DevicePool {
  private final CudaDevice device;
  private final BlockPool blocks;
  private final long limitBytes;

  DevicePool(CudaDevice device, MemoryLimits limits) {
    this.device = device;
    this.limitBytes = limits.deviceBytes();
    CudaApi api = device.api();
    this.blocks =
        new BlockPool(
            (bytes, address) -> device.outsideCapture(() -> api.malloc(bytes, address)),
            address -> device.release(() -> api.free(address), "device memory"),
            limits.idleDeviceBytes());
  }

  /**
   * Memory with undefined contents, at a multiple of 256.
   *
   * @throws dev.hone.HoneException.OutOfMemoryException if there is none
   * @throws IllegalStateException if the device is closed
   */
  public DeviceBlock take(long bytes) {
    long rounded = BlockPool.roundUp(bytes);
    long[] address = new long[1];
    String doing = "taking " + bytes + " bytes of its memory";
    device.check(0, doing); // what is idle on a lost device may still be in use
    device.check(blocks.take(rounded, limitBytes, address), doing);
    return new DeviceBlock(this, device.holdings(), address[0], rounded);
  }

  /** What it holds. */
  public PoolStats stats() {
    return blocks.stats();
  }

  void give(long address, long bytes) {
    blocks.give(address, bytes);
  }

  void close() {
    blocks.close();
  }
}
