package dev.hone.cuda.driver;

import dev.hone.cuda.device.NvmlApi;
import java.nio.charset.StandardCharsets;
import org.bytedeco.cuda.global.nvml;
import org.bytedeco.cuda.nvml.nvmlDevice_st;
import org.bytedeco.cuda.nvml.nvmlMemory_t;
import org.bytedeco.cuda.nvml.nvmlTemperature_v1_t;
import org.bytedeco.cuda.nvml.nvmlUtilization_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * NVML itself, through its Java bindings, which load libnvidia-ml.so.1 and CUDA's driver: so it
 * comes only after the diagnosis. Where they cannot be loaded, {@link #init} says so. It has never
 * run on a GPU.
 */
public final class RealNvml implements NvmlApi {
  /** Loads nothing yet. */
  public RealNvml() {}

  @Override
  public int init() {
    try {
      return nvml.nvmlInit_v2();
    } catch (LinkageError e) {
      return LIBRARY_NOT_FOUND;
    }
  }

  @Override
  public int device(String pciBusId, long[] device) {
    Handle out = new Handle(0); // the call lets it point to the device
    try (BytePointer id = new BytePointer(pciBusId, StandardCharsets.US_ASCII)) {
      int code = nvml.nvmlDeviceGetHandleByPciBusId_v2(id, out);
      if (code == 0) {
        device[0] = out.address();
      }
      return code;
    }
  }

  @Override
  public int utilization(long device, int[] percent) {
    try (nvmlUtilization_t rates = new nvmlUtilization_t()) {
      int code = nvml.nvmlDeviceGetUtilizationRates(at(device), rates);
      percent[0] = code == 0 ? rates.gpu() : 0;
      return code;
    }
  }

  @Override
  public int memory(long device, long[] usedAndTotal) {
    try (nvmlMemory_t memory = new nvmlMemory_t()) {
      int code = nvml.nvmlDeviceGetMemoryInfo(at(device), memory);
      if (code == 0) {
        usedAndTotal[0] = memory.used();
        usedAndTotal[1] = memory.total();
      }
      return code;
    }
  }

  @Override
  public int temperature(long device, int[] celsius) {
    try (nvmlTemperature_v1_t temperature = new nvmlTemperature_v1_t()) {
      temperature.version(nvml.nvmlTemperature_v1).sensorType(nvml.NVML_TEMPERATURE_GPU);
      int code = nvml.nvmlDeviceGetTemperatureV(at(device), temperature);
      celsius[0] = code == 0 ? temperature.temperature() : 0;
      return code;
    }
  }

  @Override
  public int power(long device, int[] milliwatts) {
    return nvml.nvmlDeviceGetPowerUsage(at(device), milliwatts);
  }

  @Override
  public int shutdown() {
    return nvml.nvmlShutdown();
  }

  private static nvmlDevice_st at(long device) {
    return new Handle(device);
  }

  private static final class Handle extends nvmlDevice_st {
    Handle(long device) {
      super((Pointer) null);
      this.address = device;
    }
  }
}
