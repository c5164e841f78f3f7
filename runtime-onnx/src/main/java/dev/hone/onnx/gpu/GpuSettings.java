package dev.hone.onnx.gpu;

import java.util.Map;

/**
 * How ONNX Runtime is told to compute on a GPU.
 *
 * @param provider options of its CUDA provider, by its own keys; never empty
 * @param memoryPattern whether the memory of a run is planned from the runs before
 * @param runsAtOnce how many runs of a session it takes at once before more of them wait for these,
 *     at least 1; the processors of the host have no say in it
 */
public record GpuSettings(Map<String, String> provider, boolean memoryPattern, int runsAtOnce) {
  /** Copies the options. */
  public GpuSettings {
    if (runsAtOnce < 1) {
      throw new IllegalArgumentException(
          "A session on a GPU takes at least 1 run at once, not " + runsAtOnce + ".");
    }
    if (provider.isEmpty()) {
      throw new IllegalArgumentException(
          "The provider's options are empty, but must name the GPU at least: device_id.");
    }
    provider = Map.copyOf(provider);
  }
}
