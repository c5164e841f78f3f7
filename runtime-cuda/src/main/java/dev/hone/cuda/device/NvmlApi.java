package dev.hone.cuda.device;

/**
 * NVIDIA's management library, NVML, in numbers: each call returns NVML's code, 0 for success, and
 * puts what it has into its last argument. Thread-safe.
 */
public interface NvmlApi {
  /** NVML's code for a library that cannot be loaded, and so never will be in this process. */
  int LIBRARY_NOT_FOUND = 12;

  /** Begins to use the library; a success is ended with one {@link #shutdown}. */
  int init();

  /** Finds a device by where it sits: its number here may be another one than CUDA's. */
  int device(String pciBusId, long[] device);

  /** How much of the last second or less a kernel was running, in percent. */
  int utilization(long device, int[] percent);

  /** The bytes of the device's memory that are used, by whomever, and all there are. */
  int memory(long device, long[] usedAndTotal);

  /** How warm it is, in degrees Celsius. */
  int temperature(long device, int[] celsius);

  /** What it draws, in milliwatts. */
  int power(long device, int[] milliwatts);

  /** Ends the use of the library. */
  int shutdown();
}
