package dev.hone.onnx;

import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.GpuOptions;
import dev.hone.onnx.gpu.GpuSupport;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Opens a session on the device that was asked for. A GPU that was asked for by its number must be
 * it; who asks for the best device agrees to the CPU, and is warned where a GPU could not be had.
 *
 * @param precision the numbers that were asked for, or those that a file computes with that is
 *     quantized already
 * @param support what brings the GPU; empty where the module for it is not there
 * @param options what the program wants of the GPU
 * @param opener opens the model where it is told
 */
record Placing(
    Precision precision,
    Optional<GpuSupport> support,
    Optional<GpuOptions> options,
    Function<Placement, Session> opener) {
  private static final Logger LOGGER = System.getLogger(OnnxRuntime.class.getName());

  private static final String INSTEAD = "Ask for Precision.FP32 or FP16, or for Device.cpu().";

  /** What was warned of: the log, too, is one in a process. */
  private static final Set<String> WARNED = ConcurrentHashMap.newKeySet();

  Session open(Device device) {
    return switch (device.kind()) {
      case CPU -> opener.apply(Placement.CPU);
      case CUDA -> required(device.ordinal());
      case BEST -> preferred();
    };
  }

  private Session required(int ordinal) {
    String asked = "The session options ask for " + Device.cuda(ordinal) + ", but ";
    GpuSupport gpu =
        support.orElseThrow(
            () ->
                new HoneException(
                    asked
                        + "the module for it is not there. Add dev.hone:hone-runtime-cuda to the"
                        + " dependencies, or ask for Device.cpu(), or for Device.best(), which"
                        + " takes the CPU where there is no GPU."));
    obstacle(gpu, ordinal)
        .ifPresent(
            obstacle -> {
              throw new HoneException(
                  asked
                      + "it cannot be used. Device.best() would take the CPU instead. "
                      + obstacle);
            });
    return new GpuSession(gpu, ordinal, onGpu(gpu, ordinal), Optional.empty());
  }

  private Session preferred() {
    if (support.isEmpty()) {
      return opener.apply(
          Placement.onCpu(
              List.of(
                  "On the CPU: for NVIDIA GPUs, add dev.hone:hone-runtime-cuda to the"
                      + " dependencies.")));
    }
    GpuSupport gpu = support.get();
    Optional<String> obstacle = obstacle(gpu, 0);
    if (obstacle.isPresent()) {
      return onCpu(obstacle.get());
    }
    Session session;
    try {
      session = onGpu(gpu, 0);
    } catch (HoneException e) {
      return onCpu(String.valueOf(e.getMessage())); // what is wrong with the model is wrong there
    }
    return new GpuSession(gpu, 0, session, Optional.of(this::onCpu));
  }

  private Optional<String> obstacle(GpuSupport gpu, int ordinal) {
    return gpu.obstacle(ordinal).or(this::unsuited);
  }

  /** Nothing is slower in silence, and nothing is what it was not asked to be. */
  private Optional<String> unsuited() {
    return switch (precision) {
      case FP32, FP16 -> Optional.empty();
      case INT8 ->
          Optional.of(
              "INT8 makes a model slower on NVIDIA GPUs, not faster: ONNX Runtime's CUDA provider has"
                  + " no DynamicQuantizeLinear, QLinearMatMul or QLinearConv, so values would go to"
                  + " the CPU and back at each product. FP16 is what is faster there: ask for"
                  + " Precision.FP16, or for Device.cpu().");
      case INT4, BF16 -> Optional.of(precision + " was never tried on an NVIDIA GPU. " + INSTEAD);
    };
  }

  /** The lanes of a GPU. */
  private record Lanes(GpuSupport gpu, int ordinal, Optional<GpuOptions> options)
      implements Placement.Lanes {
    @Override
    public Session open(GpuModel model, SessionReport report) {
      return gpu.open(ordinal, model, options, report);
    }

    @Override
    public <T> T outsideCaptures(Supplier<T> work) {
      return gpu.outsideCaptures(work);
    }
  }

  private Session onGpu(GpuSupport gpu, int ordinal) {
    try {
      return opener.apply(
          Placement.onGpu(
              ordinal, gpu.settings(ordinal, options), new Lanes(gpu, ordinal, options)));
    } catch (HoneException e) {
      gpu.isLost(ordinal, GpuSession.said(e));
      throw e;
    }
  }

  private Session onCpu(String why) {
    String note = "On the CPU, for the GPU could not be used. " + why;
    if (WARNED.add(why)) {
      LOGGER.log(Level.WARNING, note);
    }
    return opener.apply(Placement.onCpu(List.of(note)));
  }
}
