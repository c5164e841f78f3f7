package dev.hone.cuda.lane;

import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * An input or output in one run: what it is and where it lies. The same object serves one run after
 * the other.
 */
public final class Port {
  private final Signature.Value value;
  private final boolean mayBeOnDevice;
  private boolean wanted;
  private @Nullable Tensor tensor;
  private @Nullable Tensor given;
  private long address;
  private long bytes;

  Port(Signature.Value value, boolean mayBeOnDevice) {
    this.value = value;
    this.mayBeOnDevice = mayBeOnDevice;
  }

  /** What the signature says of it. */
  public Signature.Value value() {
    return value;
  }

  /** Whether it takes part in this run. */
  public boolean isWanted() {
    return wanted;
  }

  /** Whether it lies in the device's memory in this run. */
  public boolean isOnDevice() {
    return address != 0;
  }

  /** Where it lies in the device's memory; 0 if it does not. */
  public long address() {
    return address;
  }

  /** How many bytes it has on the device. */
  public long bytes() {
    return bytes;
  }

  /**
   * The caller's tensor, which has type and shape: an input's values, or an output's target. Its
   * memory is the host's unless it {@linkplain #isCallersOnDevice lies on the device}.
   *
   * @throws IllegalStateException if this is an output whose shape only the run tells
   */
  public Tensor tensor() {
    Tensor known = tensor;
    if (known == null) {
      throw new IllegalStateException("The run has to tell what '" + value.name() + "' is.");
    }
    return known;
  }

  /** The type of the elements. */
  public DataType type() {
    return tensor().type();
  }

  /** The lengths of the dimensions. */
  public Shape shape() {
    return tensor().shape();
  }

  /**
   * An output that is not on the device: a new tensor of the host, owned by the run from now on.
   */
  public void give(Tensor output) {
    given = output;
  }

  boolean mayBeOnDevice() {
    return mayBeOnDevice;
  }

  @Nullable Tensor target() {
    return tensor;
  }

  /** Whether the caller's tensor lies on the device itself, so that nothing is copied. */
  boolean isCallersOnDevice() {
    Tensor known = tensor;
    return known != null && known.memory().device() != null;
  }

  /**
   * Takes part in the next run.
   *
   * @param callers null where only the run tells what it is
   */
  void want(@Nullable Tensor callers) {
    if (callers != null && callers.memory().device() != null && !mayBeOnDevice) {
      throw new IllegalArgumentException(
          "'"
              + value.name()
              + "' must be in memory of the host, because the model has it there, but lies on "
              + callers.memory().device()
              + ". Bring a tensor of the host.");
    }
    wanted = true;
    tensor = callers;
  }

  void place(long deviceAddress, long byteCount) {
    address = deviceAddress;
    bytes = byteCount;
  }

  @Nullable Tensor takeGiven() {
    Tensor taken = given;
    given = null;
    return taken;
  }

  /** Forgets the run. */
  void clear() {
    Tensor left = takeGiven();
    if (left != null) {
      left.close();
    }
    wanted = false;
    tensor = null;
    address = 0;
    bytes = 0;
  }
}
