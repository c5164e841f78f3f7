package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.onnx.gpu.GpuSettings;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where a session is opened.
 *
 * @param device the CPU or a GPU
 * @param gpu how to open it on the GPU; null on the CPU
 * @param notes what is to be told about the choice
 */
record Placement(Device device, @Nullable GpuSettings gpu, List<String> notes) {
  static final Placement CPU = onCpu(List.of());

  Placement {
    notes = List.copyOf(notes);
  }

  static Placement onCpu(List<String> notes) {
    return new Placement(Device.cpu(), null, notes);
  }

  static Placement onGpu(int ordinal, GpuSettings settings) {
    return new Placement(Device.cuda(ordinal), settings, List.of());
  }

  /** Which memory is given back after each run, where that is wanted, in ONNX Runtime's words. */
  String arenas() {
    return gpu == null ? "cpu:0" : "cpu:0;gpu:" + device.ordinal();
  }
}
