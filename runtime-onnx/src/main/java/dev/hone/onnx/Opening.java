package dev.hone.onnx;

import dev.hone.HoneException.ModelException;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.WholeFile;
import dev.hone.memory.Memory;
import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.OpenTimer;
import dev.hone.metrics.Recorder;
import dev.hone.onnx.gpu.GpuSettings;
import dev.hone.onnx.ort.BoundRuns;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtLibrary;
import dev.hone.onnx.ort.OrtSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The opening of one session: brings the model to its precision, opens it where it was placed, lets
 * a canary answer first where numbers are narrow, and reports what became of it. What was opened on
 * the way is closed where it fails.
 */
final class Opening {
  private final OnnxModel model;
  private final SessionOptions options;
  private final OnnxOptions onnx;
  private final Passes passes;
  private final Placement placement;
  private final int threads;
  private final Recorder recorder;

  Opening(OnnxModel model, SessionOptions asked, Passes passes, Placement placement) {
    this.model = model;
    this.options = asked.toBuilder().device(placement.device()).build();
    this.onnx = OnnxSession.onnxOptions(options);
    this.passes = passes;
    this.placement = placement;
    this.threads = threads(options, placement);
    this.recorder =
        options.recorder().orElseGet(() -> counting(model.name(), capacity(options, placement)));
    requireFolder("profile", onnx.profile());
    requireFolder("optimizedModel", onnx.optimizedModel());
    onnx.optimizedModel().ifPresent(this::requireRegular);
  }

  /** The same options, with a recorder for where the session is placed. */
  static SessionOptions counted(OnnxModel model, SessionOptions options, Placement placement) {
    return options.recorder().isPresent()
        ? options
        : options.toBuilder()
            .recorder(counting(model.name(), capacity(options, placement)))
            .build();
  }

  /** A GPU is busy with one operator at a time; what is left to the processor is little. */
  private static int threads(SessionOptions options, Placement placement) {
    return options.threads() == 0 && placement.gpu() != null ? 1 : OnnxSession.threads(options);
  }

  /**
   * How many runs at once do not slow each other down: as many as there are processors for, or as a
   * GPU takes.
   */
  static Capacity capacity(SessionOptions options, Placement placement) {
    GpuSettings gpu = placement.gpu();
    int processors = Runtime.getRuntime().availableProcessors();
    return Capacity.of(
        gpu == null ? Math.max(1, processors / threads(options, placement)) : gpu.runsAtOnce());
  }

  private static Recorder counting(String name, Capacity capacity) {
    return Recorder.counting(name, capacity, new NativeMemory());
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

  Session open() {
    OpenTimer timer = OpenTimer.begin();
    Session session = openReady();
    try {
      String device = session.device().toString();
      timer.opened(model.name(), session.precision().name(), device, threads);
      return session;
    } catch (RuntimeException | Error e) {
      session.close();
      throw e;
    }
  }

  private Session openReady() {
    Ready ready = Ready.of(model, options, passes);
    try {
      return open(ready);
    } catch (ModelException e) {
      if (!ready.isGone()) {
        throw e;
      }
      // Between finding it in the cache and opening it, another process has made room.
      return open(Ready.of(model, options, passes));
    }
  }

  private Session open(Ready ready) {
    try {
      OrtSettings settings = settings(ready);
      NativeSession session =
          placement.apart(
              () ->
                  NativeSession.open(
                      ready.stored().source(),
                      model.signature(),
                      settings,
                      model.name(),
                      recorder));
      try {
        SessionReport report = report(ready, session);
        Placement.Lanes lanes = placement.lanes();
        if (lanes == null || !BoundRuns.takes(model.signature())) {
          return new OnnxSession(
              model.signature(), session, ready.stored().folder(), report, recorder);
        }
        close(session); // it told which node runs where, and was the canary
        return lanes.open(
            new BoundModel(model.name(), model.signature(), recorder, ready.stored(), settings),
            report);
      } catch (RuntimeException | Error e) {
        close(session);
        throw e;
      }
    } catch (RuntimeException | Error e) {
      ready.stored().close();
      throw e;
    }
  }

  private void close(NativeSession session) {
    placement.apart(
        () -> {
          session.close();
          return session;
        });
  }

  private SessionReport report(Ready ready, NativeSession session) {
    Optional<String> canary = canary(ready, session);
    List<SessionReport.Node> nodes = placement.apart(session::nodes);
    List<String> notes = new ArrayList<>(placement.notes());
    placement.strays(nodes).ifPresent(notes::add);
    canary.ifPresent(notes::add);
    session.danger(nodes).ifPresent(notes::add);
    notes.addAll(ready.notes());
    notes.addAll(ConfigKeys.notes(onnx.config()));
    GpuSettings gpu = placement.gpu();
    return new SessionReport(
        "ONNX Runtime " + OrtLibrary.get().version(),
        placement.device(),
        ready.precision(),
        threads,
        gpu == null ? 0 : gpu.runsAtOnce(),
        nodes,
        notes);
  }

  /**
   * What computes in half precision on a GPU answers for itself before anybody is answered. Its
   * runs are apart one by one: between them the program is asked for its inputs, and whatever it
   * does for them, runs of other sessions that become graphs among it, must not meet its own
   * opening.
   */
  private Optional<String> canary(Ready ready, NativeSession session) {
    return ready.precision() == Precision.FP16
        ? new Canary(model, options).check(Runners.borrowed(session, placement))
        : Optional.empty();
  }

  private OrtSettings settings(Ready ready) {
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
        runConfig(),
        gpu == null ? Map.of() : gpu.provider());
  }

  /**
   * The runtime would write nothing where the folder is missing, and not say so for a profile;
   * known before quantizing.
   */
  private static void requireFolder(String option, Optional<Path> file) {
    Path folder = file.map(path -> path.toAbsolutePath().getParent()).orElse(null);
    if (folder != null && !Files.isDirectory(folder)) {
      throw new IllegalArgumentException(
          "The folder of "
              + option
              + " must exist, but '"
              + folder
              + "' does not. Make it with Files.createDirectories, or name another.");
    }
  }

  /** The runtime would wait at a pipe for a reader, and write over the model that it reads. */
  private void requireRegular(Path file) {
    if (model.isReadFrom(file)) {
      throw new IllegalArgumentException(
          "optimizedModel names '"
              + file
              + "', but that is a file of the original, which is not written over: a model cannot be"
              + " made whole again. Name another file.");
    }
    WholeFile.obstacle(file)
        .ifPresent(
            why -> {
              throw new IllegalArgumentException("optimizedModel names '" + file + "', but " + why);
            });
  }

  private Map<String, String> runConfig() {
    return onnx.arenaShrink()
        ? Map.of("memory.enable_memory_arena_shrinkage", placement.arenas())
        : Map.of();
  }
}
