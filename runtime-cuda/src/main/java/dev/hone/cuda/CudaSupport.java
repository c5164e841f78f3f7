package dev.hone.cuda;

import dev.hone.onnx.gpu.GpuOptions;
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.gpu.GpuSupport;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Lets sessions compute on NVIDIA GPUs where {@code Device.cuda} or {@code Device.best} ask for it.
 * Found by {@link java.util.ServiceLoader}; nobody needs to name it.
 */
public final class CudaSupport implements GpuSupport {
  /** What was said when a GPU was lost, by its number. A process has one context on each. */
  private static final Map<Integer, String> LOST = new ConcurrentHashMap<>();

  private final Map<Integer, String> lost;

  /** Made by the service loader; loads nothing. */
  public CudaSupport() {
    this(LOST);
  }

  CudaSupport(Map<Integer, String> lost) {
    this.lost = lost;
  }

  /** The whole report of {@link CudaDiagnostics}, if it is not ready. */
  @Override
  public Optional<String> obstacle(int ordinal) {
    String said = lost.get(ordinal);
    if (said != null) {
      return Optional.of(
          "This process lost the GPU cuda:"
              + ordinal
              + " and must be started anew to use it again. What was said then: "
              + said);
    }
    CudaReport report = CudaDiagnostics.report();
    return report.isReady() ? Optional.empty() : Optional.of(report.toString());
  }

  @Override
  public GpuSettings settings(int ordinal, Optional<GpuOptions> options) {
    GpuOptions given = options.orElse(CudaOptions.DEFAULT);
    if (given instanceof CudaOptions cuda) {
      return new GpuSettings(cuda.providerOptions(ordinal), cuda.memoryPattern());
    }
    throw new IllegalArgumentException(
        "A session on an NVIDIA GPU takes CudaOptions, but OnnxOptions.gpu is "
            + given.getClass().getName()
            + ".");
  }

  @Override
  public boolean isLost(int ordinal, String message) {
    if (CudaFailure.in(message).filter(CudaFailure::isFatal).isEmpty()) {
      return false;
    }
    lost.putIfAbsent(ordinal, message);
    return true;
  }
}
