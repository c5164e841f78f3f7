package dev.hone.cuda.device;

import java.util.function.IntSupplier;

/** A point in what a stream does. Owned by who opened it. */
public final class CudaEvent implements AutoCloseable {
  private final CudaDevice device;
  private final Holdings.Holding holding;
  private final long handle;
  private final IntSupplier query; // made once, since each run asks
  private final IntSupplier wait;

  CudaEvent(CudaDevice device) {
    this.device = device;
    long[] out = new long[1];
    device.check(device.outsideCapture(() -> device.api().createEvent(out)), "making an event");
    this.handle = out[0];
    this.query = () -> device.api().queryEvent(handle);
    this.wait = () -> device.api().synchronizeEvent(handle);
    try {
      this.holding = device.holdings().add("an event");
    } catch (Error e) { // no memory to remember it by
      device.release(() -> device.api().destroyEvent(handle), "an event");
      throw e;
    }
  }

  long handle() {
    return handle;
  }

  /** Whether what it stands for has ended; true where it was never recorded. */
  public boolean isDone() {
    int code = device.outsideCapture(query);
    if (code == CudaError.NOT_READY.code()) {
      return false;
    }
    device.check(code, "asking whether its work is done");
    return true;
  }

  /** Waits until what it stands for has ended. */
  public void await() {
    device.check(device.outsideCapture(wait), "waiting for its work");
  }

  @Override
  public void close() {
    if (device.holdings().remove(holding)) {
      device.release(() -> device.api().destroyEvent(handle), "an event");
    }
  }
}
