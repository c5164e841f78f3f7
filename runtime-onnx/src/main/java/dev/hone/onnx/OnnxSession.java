package dev.hone.onnx;

import dev.hone.AsyncRuns;
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
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.ort.BoundRuns;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtLibrary;
import dev.hone.onnx.ort.OrtSettings;
import java.lang.ref.Reference;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** A {@link Session} on one provider of ONNX Runtime: that of the CPU or that of CUDA. */
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
    int processors = Runtime.getRuntime().availableProcessors();
    AsyncRuns runs = new AsyncRuns(session, recorder, "hone-async", processors);
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

  /** Opens a model on the CPU. */
  static Session open(OnnxModel model, SessionOptions options, Passes passes) {
    return open(model, options, passes, Placement.CPU);
  }

  /** Opens a model where the placement says, whatever device the options name. */
  static Session open(OnnxModel model, SessionOptions asked, Passes passes, Placement placement) {
    SessionOptions options = asked.toBuilder().device(placement.device()).build();
    OnnxOptions onnx = onnxOptions(options);
    int threads = threads(options, placement);
    String name = model.name();
    Recorder recorder = options.recorder().orElseGet(() -> counting(name, threads));
    boolean bound = placement.lanes() != null && BoundRuns.takes(model.signature());
    Recorder counted = bound ? Recorder.disabled() : recorder;
    OpenTimer timer = OpenTimer.begin();
    Ready ready = Ready.of(model, options, passes);
    NativeSession session;
    try {
      session = open(ready, model, settings(onnx, placement, threads, ready), counted);
    } catch (HoneException.ModelException e) {
      if (!ready.isGone()) {
        throw e;
      }
      // Between finding it in the cache and opening it, another process has made room.
      ready = Ready.of(model, options, passes);
      session = open(ready, model, settings(onnx, placement, threads, ready), counted);
    }
    Optional<String> canary = canary(model, options, ready, session);
    List<SessionReport.Node> nodes = session.nodes();
    SessionReport report =
        new SessionReport(
            "ONNX Runtime " + OrtLibrary.get().version(),
            placement.device(),
            ready.precision(),
            threads,
            nodes,
            notes(ready, placement, nodes, canary));
    timer.opened(name, report.precision().name(), report.device().toString(), threads);
    Placement.Lanes lanes = placement.lanes();
    if (lanes != null && bound) {
      session.close(); // it told which node runs where, and was the canary
      OrtSettings settings = settings(onnx, placement, threads, ready);
      return lanes.open(
          new BoundModel(name, model.signature(), recorder, ready.stored(), settings), report);
    }
    return new OnnxSession(model.signature(), session, ready.stored().folder(), report, recorder);
  }

  /** What computes in half precision on a GPU answers for itself before anybody is answered. */
  private static Optional<String> canary(
      OnnxModel model, SessionOptions options, Ready ready, NativeSession session) {
    if (ready.precision() != Precision.FP16) {
      return Optional.empty();
    }
    try {
      return new Canary(model, options).check(Runners.borrowed(session));
    } catch (RuntimeException | Error e) {
      session.close();
      ready.stored().close();
      throw e;
    }
  }

  private static NativeSession open(
      Ready ready, OnnxModel model, OrtSettings settings, Recorder recorder) {
    try {
      return NativeSession.open(
          ready.stored().source(), model.signature(), settings, model.name(), recorder);
    } catch (RuntimeException | Error e) {
      ready.stored().close();
      throw e;
    }
  }

  /** The same options, with a recorder. */
  static SessionOptions counted(OnnxModel model, SessionOptions options) {
    return options.recorder().isPresent()
        ? options
        : options.toBuilder().recorder(counting(model.name(), threads(options))).build();
  }

  /** As many threads as the options want. */
  static int threads(SessionOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }

  /** A GPU is busy with one operator at a time; what is left to the processor is little. */
  private static int threads(SessionOptions options, Placement placement) {
    return options.threads() == 0 && placement.gpu() != null ? 1 : threads(options);
  }

  private static List<String> notes(
      Ready ready, Placement placement, List<SessionReport.Node> nodes, Optional<String> canary) {
    List<String> notes = new ArrayList<>(placement.notes());
    placement.strays(nodes).ifPresent(notes::add);
    canary.ifPresent(notes::add);
    notes.addAll(ready.notes());
    return notes;
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

  private static OrtSettings settings(
      OnnxOptions onnx, Placement placement, int threads, Ready ready) {
    Map<String, String> entries = new TreeMap<>(ready.config());
    entries.putAll(onnx.config());
    GpuSettings gpu = placement.gpu();
    return new OrtSettings(
        threads,
        onnx.branchThreads(),
        onnx.spinning(),
        OrtSettings.Optimization.valueOf(onnx.optimization().name()),
        onnx.arena(),
        gpu == null ? onnx.memoryPattern() : gpu.memoryPattern(),
        onnx.deterministic(),
        onnx.profile().orElse(null),
        onnx.optimizedModel().orElse(null),
        entries,
        runConfig(onnx, placement),
        gpu == null ? Map.of() : gpu.provider());
  }

  private static Map<String, String> runConfig(OnnxOptions onnx, Placement placement) {
    return onnx.arenaShrink()
        ? Map.of("memory.enable_memory_arena_shrinkage", placement.arenas())
        : Map.of();
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
