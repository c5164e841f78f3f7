package dev.hone.cuda;

import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.cuda.device.CaptureLock;
import dev.hone.cuda.device.CudaApi;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.cuda.device.CudaError;
import dev.hone.cuda.device.MemoryLimits;
import dev.hone.cuda.driver.DriverAnswer;
import dev.hone.cuda.driver.RealCuda;
import dev.hone.cuda.lane.BoundStreamModel;
import dev.hone.cuda.lane.LaneSession;
import dev.hone.cuda.lane.LaneSettings;
import dev.hone.onnx.gpu.GpuModel;
import dev.hone.onnx.gpu.GpuOptions;
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.gpu.GpuSupport;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Lets sessions compute on NVIDIA GPUs where {@code Device.cuda} or {@code Device.best} ask for it.
 * Found by {@link java.util.ServiceLoader}; nobody needs to name it.
 */
public final class CudaSupport implements GpuSupport {
  /** What was said when a GPU was lost, by its number. A process has one context on each. */
  private static final Map<Integer, String> LOST = new ConcurrentHashMap<>();

  private final Map<Integer, String> lost;
  private final Supplier<CudaReport> report;
  private final Supplier<DriverAnswer> driver;
  private final IntFunction<CudaApi> cuda;

  /** Made by the service loader; loads nothing. */
  public CudaSupport() {
    this(LOST, KeptReport.HERE, DriverAnswer::ask, CudaSupport::real);
  }

  /** Nothing of CUDA is loaded before it is called. */
  private static CudaApi real(int ordinal) {
    return new RealCuda(ordinal);
  }

  CudaSupport(
      Map<Integer, String> lost,
      Supplier<CudaReport> report,
      Supplier<DriverAnswer> driver,
      IntFunction<CudaApi> cuda) {
    this.lost = lost;
    this.report = report;
    this.driver = driver;
    this.cuda = cuda;
  }

  /**
   * The whole report of {@link CudaDiagnostics}, if it is not ready. If it is, what the driver says
   * when it is asked: only then is anything of CUDA loaded. The report is kept: for good if it is
   * ready, for ten seconds if it is not.
   */
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
    CudaReport files = report.get();
    if (!files.isReady()) {
      return Optional.of(files.toString());
    }
    return problem(driver.get(), ordinal).map(status -> status.text() + " " + status.remedy());
  }

  /** What an answer of the driver says to somebody who wants this GPU; empty if all is well. */
  static Optional<CudaStatus> problem(DriverAnswer answer, int ordinal) {
    if (!answer.fault().isEmpty()) {
      return Optional.of(new CudaStatus.BindingsMissing(answer.fault()));
    }
    if (answer.code() == 0 || answer.code() == CudaError.NO_DEVICE.code()) {
      return ordinal < answer.devices()
          ? Optional.empty()
          : Optional.of(new CudaStatus.NoSuchDevice(ordinal, answer.devices()));
    }
    String error = CudaError.describe(answer.code());
    CudaError known = CudaError.of(answer.code());
    if (known == CudaError.STUB_LIBRARY) {
      return Optional.of(new CudaStatus.StubDriver(answer.library()));
    }
    return Optional.of(
        known == CudaError.INSUFFICIENT_DRIVER
            ? new CudaStatus.DriverTooOld(answer.library() + ", which ends in " + error)
            : new CudaStatus.RuntimeFailed(error));
  }

  @Override
  public GpuSettings settings(int ordinal, Optional<GpuOptions> options) {
    CudaOptions cudaOptions = cudaOptions(options);
    return new GpuSettings(
        cudaOptions.providerOptions(ordinal),
        cudaOptions.memoryPattern(),
        LaneSettings.runsAtOnce(cudaOptions.lanes()));
  }

  /** On lanes of a device of its own, which goes when the session is closed. */
  @Override
  public Session open(
      int ordinal, GpuModel model, Optional<GpuOptions> options, SessionReport report) {
    CudaDevice device;
    CudaOptions cudaOptions;
    try {
      cudaOptions = cudaOptions(options);
      device = newDevice(ordinal);
    } catch (RuntimeException | Error e) {
      model.close();
      throw e;
    }
    Runnable whenClosed = () -> close(model, device);
    try {
      return openLanes(device, model, cudaOptions, report, whenClosed);
    } catch (RuntimeException | Error e) {
      whenClosed.run();
      throw e;
    }
  }

  /** With graphs if that is wanted, and without where the model cannot be opened with them. */
  private static Session openLanes(
      CudaDevice device,
      GpuModel model,
      CudaOptions options,
      SessionReport report,
      Runnable whenClosed) {
    SessionReport told = report;
    if (options.graphShapes() > 0) {
      try {
        return openLanes(device, model, options, options.graphShapes(), report, whenClosed);
      } catch (HoneException e) {
        if (device.isLost()) {
          throw e;
        }
        told =
            report.withNote(
                "Runs go without CUDA graphs, because the session could not be opened with them: "
                    + e.getMessage());
      }
    }
    return openLanes(device, model, options, 0, told, whenClosed);
  }

  private static Session openLanes(
      CudaDevice device,
      GpuModel model,
      CudaOptions options,
      int maxGraphs,
      SessionReport report,
      Runnable whenClosed) {
    LaneSettings settings =
        new LaneSettings(options.lanes(), maxGraphs, model.name(), model.recorder(), report);
    return LaneSession.open(
        device, new BoundStreamModel(model, maxGraphs > 0), settings, whenClosed);
  }

  @Override
  public <T> T outsideCaptures(Supplier<T> work) {
    return CaptureLock.outside(work);
  }

  /**
   * A GPU for the caller, who closes it.
   *
   * @throws HoneException if it cannot be used
   */
  CudaDevice device(int ordinal) {
    obstacle(ordinal)
        .ifPresent(
            obstacle -> {
              throw new HoneException(
                  "Memory of cuda:"
                      + ordinal
                      + " was asked for, but it cannot be used. "
                      + obstacle);
            });
    return newDevice(ordinal);
  }

  private CudaDevice newDevice(int ordinal) {
    return new CudaDevice(
        cuda.apply(ordinal), Device.cuda(ordinal).toString(), MemoryLimits.DEFAULT);
  }

  private static void close(GpuModel model, CudaDevice device) {
    try {
      model.close();
    } finally {
      device.close();
    }
  }

  private static CudaOptions cudaOptions(Optional<GpuOptions> options) {
    GpuOptions given = options.orElse(CudaOptions.DEFAULT);
    if (given instanceof CudaOptions cudaOptions) {
      return cudaOptions;
    }
    throw new IllegalArgumentException(
        "A session on an NVIDIA GPU takes CudaOptions, but OnnxOptions.gpu is "
            + given.getClass().getName()
            + ".");
  }

  @Override
  public boolean isLost(int ordinal, String message) {
    boolean fatal = CudaFailure.in(message).filter(CudaFailure::isFatal).isPresent();
    if (!fatal && !CudaDevice.tellsOfLoss(message)) {
      return false;
    }
    lost.putIfAbsent(ordinal, message);
    return true;
  }
}
