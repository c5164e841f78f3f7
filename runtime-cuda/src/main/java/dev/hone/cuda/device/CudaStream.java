package dev.hone.cuda.device;

/** Work that runs in the order it was queued. Owned by who opened it; closing waits for it. */
public final class CudaStream implements AutoCloseable {
  private static final int DRAIN_ATTEMPTS = 3;

  private final CudaDevice device;
  private final Holdings.Holding holding;
  private final long handle;

  CudaStream(CudaDevice device) {
    this.device = device;
    long[] out = new long[1];
    device.check(device.outsideCapture(() -> device.api().createStream(out)), "making a stream");
    this.handle = out[0];
    try {
      this.holding = device.holdings().add("a stream");
    } catch (Error e) { // no memory to remember it by
      device.release(() -> device.api().destroyStream(handle), "a stream");
      throw e;
    }
  }

  /** CUDA's handle of it. */
  public long handle() {
    return handle;
  }

  /** Queues a copy to the device. {@code host} must be page-locked and stay as it is meanwhile. */
  public void copyToDevice(long deviceAddress, long host, long bytes) {
    if (bytes > 0) {
      device.check(device.api().copyToDevice(deviceAddress, host, bytes, handle), "copying to it");
    }
  }

  /** Queues a copy from the device. {@code host} must be page-locked. */
  public void copyToHost(long host, long deviceAddress, long bytes) {
    if (bytes > 0) {
      device.check(device.api().copyToHost(host, deviceAddress, bytes, handle), "copying from it");
    }
  }

  /** The event stands from now on for what is queued here so far. */
  public void record(CudaEvent event) {
    device.check(device.api().recordEvent(event.handle(), handle), "recording an event");
  }

  /** What is queued here from now on waits for what the event stands for now. */
  public void waitFor(CudaEvent event) {
    device.check(device.api().waitEvent(handle, event.handle()), "ordering two streams");
  }

  /**
   * Queues a kernel.
   *
   * @param kernel from {@link CudaModule#kernel}
   * @param arguments its parameters, 8 bytes each; may be changed when this returns
   */
  public void launch(long kernel, int blocks, int threads, long[] arguments) {
    device.check(
        device.api().launch(kernel, blocks, threads, arguments, handle), "launching a kernel");
  }

  /** Waits until all that is queued has ended. */
  public void synchronize() {
    device.check(
        device.outsideCapture(() -> device.api().synchronizeStream(handle)),
        "waiting for its work");
  }

  /**
   * As {@link #synchronize}, for who must know that nothing runs any more and can do nothing if it
   * fails: afterwards the work has ended, or the device is lost. Throws nothing.
   */
  public void drain() {
    int code = 0;
    for (int attempt = 0; attempt < DRAIN_ATTEMPTS; attempt++) {
      code = device.outsideCapture(() -> device.api().synchronizeStream(handle));
      if (code == 0) {
        return;
      }
    }
    device.giveUp(code, "waiting for its work to end");
  }

  @Override
  public void close() {
    if (device.holdings().remove(holding)) {
      drain();
      device.release(() -> device.api().destroyStream(handle), "a stream");
    }
  }
}
