package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Failures;
import dev.hone.HoneException;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.RuntimeOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.memory.LeakDetection;
import dev.hone.memory.Memory;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.OpenTimer;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtLibrary;
import dev.hone.onnx.ort.OrtSettings;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A {@link Session} on ONNX Runtime's CPU provider. */
final class OnnxSession implements Session {
  private final Signature signature;
  private final NativeSession session;
  private final AsyncRuns asyncRuns;
  private final SessionReport report;
  private final Recorder recorder;
  private final LeakDetection.Lifeline lifeline;

  private OnnxSession(
      Signature signature,
      NativeSession session,
      @Nullable Path temporaryFolder,
      SessionReport report,
      Recorder recorder) {
    this.recorder = recorder;
    this.signature = signature;
    this.session = session;
    this.report = report;
    AsyncRuns runs = new AsyncRuns(session, recorder);
    this.asyncRuns = runs;
    this.lifeline =
        LeakDetection.track(
            this,
            "session",
            () -> {
              session.close();
              runs.close();
              Runners.delete(temporaryFolder);
            });
  }

  static OnnxSession open(OnnxModel model, SessionOptions options, Passes passes) {
    OnnxOptions onnx = onnxOptions(options);
    requireCpu(options.device());
    int threads = threads(options);
    String name = model.name();
    Recorder recorder = options.recorder().orElseGet(() -> counting(name, threads));
    OpenTimer timer = OpenTimer.begin();
    Ready ready = Ready.of(model, options, passes);
    NativeSession session;
    try {
      session = open(ready, model, onnx, threads, recorder);
    } catch (HoneException.ModelException e) {
      if (!ready.isGone()) {
        throw e;
      }
      // Between finding it in the cache and opening it, another process has made room.
      ready = Ready.of(model, options, passes);
      session = open(ready, model, onnx, threads, recorder);
    }
    SessionReport report =
        new SessionReport(
            "ONNX Runtime " + OrtLibrary.get().version(),
            Device.cpu(),
            ready.precision(),
            threads,
            session.nodes(),
            ready.notes());
    timer.opened(name, report.precision().name(), report.device().toString(), threads);
    return new OnnxSession(model.signature(), session, ready.stored().folder(), report, recorder);
  }

  private static NativeSession open(
      Ready ready, OnnxModel model, OnnxOptions onnx, int threads, Recorder recorder) {
    try {
      return NativeSession.open(
          ready.stored().source(),
          model.signature(),
          settings(onnx, threads, ready.config()),
          runConfig(onnx),
          model.name(),
          recorder);
    } catch (RuntimeException | Error e) {
      ready.stored().close();
      throw e;
    }
  }

  /** As many threads as the options want. */
  static int threads(SessionOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }

  /** As many runs at once as there are processors for do not slow each other down. */
  private static Recorder counting(String name, int threads) {
    int slots = Math.max(1, Runtime.getRuntime().availableProcessors() / threads);
    return Recorder.counting(name, Capacity.of(slots), new NativeMemory());
  }

  /** What tensors and pools hold. */
  private static final class NativeMemory implements Gauges {
    @Override
    public long nativeBytes() {
      return Memory.stats().liveBytes();
    }

    @Override
    public long peakNativeBytes() {
      return Memory.stats().peakBytes();
    }
  }

  static OnnxOptions onnxOptions(SessionOptions options) {
    RuntimeOptions given = options.runtime().orElse(OnnxOptions.DEFAULT);
    if (given instanceof OnnxOptions onnx) {
      return onnx;
    }
    throw new IllegalArgumentException(
        "ONNX Runtime takes OnnxOptions, but the session options hold "
            + given.getClass().getName()
            + ".");
  }

  private static void requireCpu(Device device) {
    if (device.kind() == Device.Kind.CUDA) {
      throw new IllegalArgumentException(
          "This runtime computes on the CPU, but the session options ask for "
              + device
              + ". Ask for Device.cpu() or Device.best().");
    }
  }

  private static OrtSettings settings(OnnxOptions onnx, int threads, Map<String, String> config) {
    Map<String, String> entries = new TreeMap<>(config);
    entries.putAll(onnx.config());
    return new OrtSettings(
        threads,
        onnx.branchThreads(),
        onnx.spinning(),
        OrtSettings.Optimization.valueOf(onnx.optimization().name()),
        onnx.arena(),
        onnx.memoryPattern(),
        onnx.deterministic(),
        onnx.profile().orElse(null),
        onnx.optimizedModel().orElse(null),
        entries);
  }

  private static Map<String, String> runConfig(OnnxOptions onnx) {
    return onnx.arenaShrink() ? Map.of("memory.enable_memory_arena_shrinkage", "cpu:0") : Map.of();
  }

  @Override
  public Signature signature() {
    return signature;
  }

  @Override
  public Device device() {
    return report.device();
  }

  @Override
  public Precision precision() {
    return report.precision();
  }

  @Override
  public SessionReport report() {
    return report;
  }

  @Override
  public SessionStats stats() {
    return recorder.snapshot();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    try {
      return session.run(in, options, deadline(options));
    } catch (RuntimeException | Error e) {
      Failures.record(recorder, e);
      throw e;
    } finally {
      Reference.reachabilityFence(this); // a session is no leak while it runs
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    if (!options.outputs().isEmpty()) {
      throw new IllegalArgumentException(
          "The outputs to compute are those of the batch that you brought; do not name "
              + options.outputs()
              + " in the run options as well.");
    }
    try {
      session.run(in, out, options, deadline(options));
    } catch (RuntimeException | Error e) {
      Failures.record(recorder, e);
      throw e;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return asyncRuns.submit(this, in, options, deadline(options));
  }

  private static long deadline(RunOptions options) {
    return options.timeoutNanos() == 0 ? 0 : System.nanoTime() + options.timeoutNanos();
  }

  @Override
  public void close() {
    lifeline.cut();
  }
}
