package dev.hone.cuda.probe;

/**
 * A graphics processor of NVIDIA on the machine's PCI bus.
 *
 * @param bus its place, for example {@code 0000:01:00.0}
 * @param deviceId its PCI device number
 * @param model its name where the driver tells it, otherwise the number
 */
public record Gpu(String bus, int deviceId, String model) {
  /**
   * The first number of the Turing generation (compute capability 7.5) in the public list of PCI
   * numbers: NVIDIA's numbers rise with the generations, and Volta ended at {@code 0x1dff}.
   */
  private static final int FIRST_TURING = 0x1e00;

  /** Whether it is older than what CUDA 13 computes on: compute capability 7.5. */
  public boolean isTooOld() {
    return deviceId < FIRST_TURING;
  }

  @Override
  public String toString() {
    return model + " at " + bus;
  }
}
