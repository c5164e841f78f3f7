package dev.hone.cuda.device;

import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import java.lang.System.Logger;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.Lock;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One device, its memory, and whether it still works.
 *
 * <p><b>Errors.</b> Where memory is short: {@link OutOfMemoryException}. After an error that ends
 * all use of the device in this process, or where it cannot be seen that its work ends, the device
 * {@linkplain #isLost is lost}: every later call throws, no memory is used again, and closing
 * things only takes them off the books.
 *
 * <p><b>Closing.</b> Whoever opens closes, and in this order: what runs is waited for, then streams
 * and events, then memory, then the device. What is still open when the device is closed is logged
 * as a warning, with the place where it was made where {@code -Dhone.leaks=strict} asks for that.
 * Thread-safe.
 */
public final class CudaDevice implements AutoCloseable {
  private static final Logger LOGGER = System.getLogger("dev.hone.cuda");

  private static final String LOST = " cannot be used any more in this process after ";

  private final CudaApi api;
  private final String name;
  private final Holdings holdings = new Holdings();
  private final DevicePool memory;
  private final PinnedPool pinned;
  private final AtomicReference<@Nullable String> loss = new AtomicReference<>();

  /**
   * Takes a device into use.
   *
   * @param api how it is reached
   * @param name for messages, for example {@code cuda:0}
   * @param limits how much memory the pools may hold
   */
  public CudaDevice(CudaApi api, String name, MemoryLimits limits) {
    this.api = api;
    this.name = name;
    this.memory = new DevicePool(this, limits);
    this.pinned = new PinnedPool(this, limits);
  }

  /** The way to the device, for those who check what it returns with {@link #check}. */
  public CudaApi api() {
    return api;
  }

  /** Its name in messages. */
  public String name() {
    return name;
  }

  /** Its compute capability as one number, for example 90 for 9.0. */
  public int architecture() {
    @Nullable DeviceProperties[] properties = new DeviceProperties[1];
    check(api.properties(properties), "asking what it is");
    return Objects.requireNonNull(properties[0]).architecture();
  }

  /** Memory of the device. */
  public DevicePool memory() {
    return memory;
  }

  /** Page-locked memory of the host. */
  public PinnedPool pinned() {
    return pinned;
  }

  /** A new stream, owned by the caller. */
  public CudaStream openStream() {
    return new CudaStream(this);
  }

  /** A new event, owned by the caller. */
  public CudaEvent openEvent() {
    return new CudaEvent(this);
  }

  /** Loads device code that was compiled for this device's architecture; owned by the caller. */
  public CudaModule loadModule(byte[] cubin) {
    return new CudaModule(this, cubin);
  }

  /** What is open on this device, for people: one line each. */
  public List<String> open() {
    return holdings.describe();
  }

  Holdings holdings() {
    return holdings;
  }

  /** Whether an error has ended all use of the device in this process. */
  public boolean isLost() {
    return loss.get() != null;
  }

  /** Whether a message is that of a call on a device that is lost. */
  public static boolean tellsOfLoss(String message) {
    return message.contains(LOST);
  }

  /**
   * Throws unless a call succeeded, and the device is not lost.
   *
   * @param code what it returned
   * @param doing what it was to do, to stand after "while"
   */
  public void check(int code, String doing) {
    if (code != 0 || isLost()) {
      throw failure(code, doing);
    }
  }

  /** What to throw for a call that failed; a device that is lost by it is marked. */
  HoneException failure(int code, String doing) {
    if (CudaError.isSticky(code)) {
      lose(CudaError.describe(code) + " while " + doing);
    }
    String known = loss.get();
    if (known != null) {
      return new HoneException(
          "The device " + name + LOST + known + ". Run on the CPU, or start the process anew.");
    }
    if (code == CudaError.MEMORY_ALLOCATION.code()) {
      return new OutOfMemoryException(
          "The device "
              + name
              + " has no memory left while "
              + doing
              + "; its pools hold "
              + memory.stats()
              + " on the device and "
              + pinned.stats()
              + " page-locked. Run smaller batches, or fewer lanes.",
          null);
    }
    return new HoneException(
        "The device " + name + " failed while " + doing + ": " + CudaError.describe(code) + ".");
  }

  private void lose(String why) {
    loss.compareAndSet(null, why); // the first failure is the one to tell
  }

  /**
   * Gives the device up: for when it is not known any more what it is working on, so that no memory
   * may be used again.
   */
  void giveUp(int code, String doing) {
    lose(CudaError.describe(code) + " while " + doing);
  }

  /** Does something that a capture must not meet. */
  int outsideCapture(IntSupplier call) {
    Lock lock = CaptureLock.ordinary();
    lock.lock();
    try {
      return call.getAsInt();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives something back, while nobody captures. On a lost device nothing is given back: CUDA took
   * it along, or nobody knows whether it is still used.
   */
  void release(IntSupplier call, String what) {
    int code = isLost() ? 0 : outsideCapture(call);
    if (code != 0) {
      HoneException failure = failure(code, "giving back " + what);
      if (!isLost()) {
        LOGGER.log(Logger.Level.WARNING, failure.getMessage());
      }
    }
  }

  @Override
  public void close() {
    memory.close();
    pinned.close();
    List<String> left = holdings.describe();
    if (!left.isEmpty()) {
      LOGGER.log(
          Logger.Level.WARNING,
          "The device {0} was closed, but these were not: {1}",
          name,
          String.join("; ", left));
    }
  }
}
