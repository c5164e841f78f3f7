package dev.hone.cuda.device;

/** Memory of a device, owned by who took it. Closing gives it back to its pool, once. */
public final class DeviceBlock implements AutoCloseable {
  private final DevicePool pool;
  private final Holdings holdings;
  private final Holdings.Holding holding;
  private final long address;
  private final long bytes;

  DeviceBlock(DevicePool pool, Holdings holdings, long address, long bytes) {
    this.pool = pool;
    this.holdings = holdings;
    this.address = address;
    this.bytes = bytes;
    this.holding = holdings.add("device memory of " + bytes + " bytes");
  }

  /** Where it is, in the device's address space. */
  public long address() {
    return address;
  }

  /** How much may be used: at least what was asked for. */
  public long bytes() {
    return bytes;
  }

  @Override
  public void close() {
    if (holdings.remove(holding)) {
      pool.give(address, bytes);
    }
  }
}
