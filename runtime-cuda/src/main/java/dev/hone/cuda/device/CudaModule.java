package dev.hone.cuda.device;

/** Device code that is loaded. Owned by who loaded it; closed when none of it runs. */
public final class CudaModule implements AutoCloseable {
  private final CudaDevice device;
  private final Holdings.Holding holding;
  private final long handle;

  CudaModule(CudaDevice device, byte[] cubin) {
    this.device = device;
    long[] out = new long[1];
    device.check(
        device.outsideCapture(() -> device.api().loadModule(cubin, out)), "loading device code");
    this.handle = out[0];
    try {
      this.holding = device.holdings().add("device code");
    } catch (Error e) { // no memory to remember it by
      device.release(() -> device.api().unloadModule(handle), "device code");
      throw e;
    }
  }

  /** The handle of a kernel, good until this is closed. */
  public long kernel(String name) {
    long[] out = new long[1];
    device.check(device.api().kernel(handle, name, out), "looking for the kernel " + name);
    return out[0];
  }

  @Override
  public void close() {
    if (device.holdings().remove(holding)) {
      device.release(() -> device.api().unloadModule(handle), "device code");
    }
  }
}
