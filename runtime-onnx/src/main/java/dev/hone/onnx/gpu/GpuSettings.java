package dev.hone.onnx.gpu;

import java.util.Map;

/**
 * How ONNX Runtime is told to compute on a GPU.
 *
 * @param provider options of its CUDA provider, by its own keys; never empty
 * @param memoryPattern whether the memory of a run is planned from the runs before
 */
public record GpuSettings(Map<String, String> provider, boolean memoryPattern) {
  /** Copies the options. */
  public GpuSettings {
    if (provider.isEmpty()) {
      throw new IllegalArgumentException(
          "The provider's options are empty, but must name the GPU at least: device_id.");
    }
    provider = Map.copyOf(provider);
  }
}
