package dev.hone.cuda.device;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Errors of CUDA's runtime that the library tells apart; numbers are CUDA's. */
public enum CudaError {
  /** An argument was wrong. */
  INVALID_VALUE(1, false, "a wrong argument"),
  /** No memory. */
  MEMORY_ALLOCATION(2, false, "no memory"),
  /** The driver could not be started. */
  INITIALIZATION(3, false, "the driver could not be initialized"),
  /** The process is ending. */
  DRIVER_UNLOADING(4, false, "the process is ending"),
  /** {@code libcuda.so.1} is a stub for linking. */
  STUB_LIBRARY(34, false, "libcuda.so.1 is a stub that only serves to link"),
  /** The driver is older than the runtime, or there is none. */
  INSUFFICIENT_DRIVER(35, false, "there is no driver, or it is older than CUDA's runtime"),
  /** There is no device. */
  NO_DEVICE(100, false, "no device"),
  /** There is no device of this number. */
  INVALID_DEVICE(101, false, "no device of this number"),
  /** No code for this architecture. */
  NO_KERNEL_IMAGE(209, false, "no code for this device's architecture"),
  /** Memory of the device is damaged. */
  ECC_UNCORRECTABLE(214, true, "the device's memory has an error that cannot be corrected"),
  /** A link between devices is damaged. */
  NVLINK_UNCORRECTABLE(220, true, "a link between devices has an error that cannot be corrected"),
  /** An error of the hardware that was kept to this process. */
  CONTAINED(226, true, "the device has an error that was kept to this process"),
  /** A handle is of nothing that exists. */
  INVALID_RESOURCE_HANDLE(400, false, "a handle of nothing that exists"),
  /** Work is not done yet. Not a failure. */
  NOT_READY(600, false, "work that is not done yet"),
  /** A kernel or copy used memory that is not there. */
  ILLEGAL_ADDRESS(700, true, "device code used memory that is not allocated"),
  /** A kernel asked for more registers or shared memory than there are. */
  LAUNCH_OUT_OF_RESOURCES(701, false, "a kernel needs more than a multiprocessor has"),
  /** A kernel took too long. */
  LAUNCH_TIMEOUT(702, true, "a kernel took longer than the system allows"),
  /** A kernel's assertion failed. */
  ASSERT(710, true, "an assertion in device code failed"),
  /** A call stack of the device is damaged. */
  HARDWARE_STACK(714, true, "the device's call stack is damaged"),
  /** Device code is damaged. */
  ILLEGAL_INSTRUCTION(715, true, "device code has an illegal instruction"),
  /** A kernel used an address that is not a multiple of what it must be. */
  MISALIGNED_ADDRESS(716, true, "device code used a misaligned address"),
  /** A kernel used an address of another kind of memory. */
  INVALID_ADDRESS_SPACE(717, true, "device code used an address of another space"),
  /** A kernel jumped to nowhere. */
  INVALID_PC(718, true, "device code jumped to nowhere"),
  /** A kernel failed, and CUDA does not say how. */
  LAUNCH_FAILURE(719, true, "device code failed"),
  /** A kernel ended and left tensor memory allocated. */
  TENSOR_MEMORY_LEAK(721, true, "device code left tensor memory allocated"),
  /** Something that a capture does not allow was done while a stream captured. */
  CAPTURE_UNSUPPORTED(900, false, "a call that is not allowed while a stream captures"),
  /** The capture was broken by an earlier error. */
  CAPTURE_INVALIDATED(901, false, "a capture that an earlier call broke"),
  /** Streams that joined a capture were not brought back before its end. */
  CAPTURE_UNJOINED(904, false, "a capture that ends with streams still apart"),
  /** No more is known. */
  UNKNOWN(999, false, "an unknown failure");

  private static final Map<Integer, CudaError> BY_CODE = new HashMap<>();

  static {
    for (CudaError error : values()) {
      BY_CODE.put(error.code, error);
    }
  }

  private final int code;
  private final boolean sticky;
  private final String meaning;

  CudaError(int code, boolean sticky, String meaning) {
    this.code = code;
    this.sticky = sticky;
    this.meaning = meaning;
  }

  /** CUDA's number for it. */
  public int code() {
    return code;
  }

  /** Whether this error ends all use of the device in this process. */
  public boolean isSticky() {
    return sticky;
  }

  /** The error of this number, or null for one that is not told apart. */
  public static @Nullable CudaError of(int code) {
    return BY_CODE.get(code);
  }

  /** Whether the error of this number ends all use of the device in this process. */
  public static boolean isSticky(int code) {
    CudaError error = of(code);
    return error != null && error.sticky;
  }

  /** A number in words, for example {@code CUDA error 700 (device code used ...)}. */
  public static String describe(int code) {
    CudaError error = of(code);
    return "CUDA error " + code + (error == null ? "" : " (" + error.meaning + ")");
  }
}
