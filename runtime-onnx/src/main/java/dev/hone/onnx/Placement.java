package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.GpuSettings;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Where a session is opened.
 *
 * @param device the CPU or a GPU
 * @param gpu how to open it on the GPU; null on the CPU
 * @param lanes opens the session there once the model is ready; null where ONNX Runtime's own way
 *     is all there is
 * @param notes what is to be told about the choice
 */
record Placement(
    Device device, @Nullable GpuSettings gpu, @Nullable Lanes lanes, List<String> notes) {
  private static final String CPU_PROVIDER = "CPUExecutionProvider";

  static final Placement CPU = onCpu(List.of());

  /** Opens a session on a device. */
  interface Lanes {
    /** The session owns the model. */
    Session open(GpuModel model, SessionReport report);

    /** Does work on the device while no CUDA graph is captured, which it would break. */
    <T> T outsideCaptures(Supplier<T> work);
  }

  Placement {
    notes = List.copyOf(notes);
  }

  static Placement onCpu(List<String> notes) {
    return new Placement(Device.cpu(), null, null, notes);
  }

  /** Does work where the session is placed, at a time when it harms nobody. */
  <T> T apart(Supplier<T> work) {
    return lanes == null ? work.get() : lanes.outsideCaptures(work);
  }

  static Placement onGpu(int ordinal, GpuSettings settings, Lanes lanes) {
    return new Placement(Device.cuda(ordinal), settings, lanes, List.of());
  }

  /**
   * Which nodes stayed on the CPU though the session computes on a GPU: values are copied for them,
   * there and back.
   *
   * @param nodes what the runtime says about where each node runs
   */
  Optional<String> strays(List<SessionReport.Node> nodes) {
    Map<String, Long> strays = new TreeMap<>();
    nodes.stream()
        .filter(node -> gpu != null && node.provider().equals(CPU_PROVIDER))
        .forEach(node -> strays.merge(node.operator(), 1L, Long::sum));
    if (strays.isEmpty()) {
      return Optional.empty();
    }
    long count = strays.values().stream().mapToLong(Long::longValue).sum();
    String which =
        strays.entrySet().stream()
            .map(operator -> operator.getValue() + " " + operator.getKey())
            .collect(Collectors.joining(", "));
    return Optional.of(
        count
            + " of "
            + nodes.size()
            + " nodes run on the CPU, and values are copied for them: "
            + which
            + ".");
  }

  /** Which memory is given back after each run, where that is wanted, in ONNX Runtime's words. */
  String arenas() {
    return gpu == null ? "cpu:0" : "cpu:0;gpu:" + device.ordinal();
  }
}
