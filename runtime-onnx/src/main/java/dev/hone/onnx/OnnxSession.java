package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.RuntimeOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.memory.LeakDetection;
import dev.hone.onnx.ort.NativeSession;
import dev.hone.onnx.ort.OrtLibrary;
import dev.hone.onnx.ort.OrtSettings;
import java.lang.ref.Reference;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A {@link Session} on ONNX Runtime's CPU provider. */
final class OnnxSession implements Session {
  private final Signature signature;
  private final NativeSession session;
  private final AsyncRuns asyncRuns;
  private final SessionReport report;
  private final LeakDetection.Lifeline lifeline;

  private OnnxSession(Signature signature, NativeSession session, SessionReport report) {
    this.signature = signature;
    this.session = session;
    this.report = report;
    AsyncRuns runs = new AsyncRuns(session);
    this.asyncRuns = runs;
    this.lifeline =
        LeakDetection.track(
            this,
            "session",
            () -> {
              session.close();
              runs.close();
            });
  }

  static OnnxSession open(OnnxModel model, SessionOptions options) {
    OnnxOptions onnx = onnxOptions(options);
    requireCpu(options.device());
    requireFp32(options.precision());
    int threads =
        options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
    List<String> notes = new ArrayList<>();
    NativeSession session =
        NativeSession.open(
            model.source(), model.signature(), settings(onnx, threads), runConfig(onnx));
    SessionReport report =
        new SessionReport(
            "ONNX Runtime " + OrtLibrary.get().version(),
            Device.cpu(),
            Precision.FP32,
            threads,
            session.nodes(),
            notes);
    return new OnnxSession(model.signature(), session, report);
  }

  private static OnnxOptions onnxOptions(SessionOptions options) {
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

  private static void requireFp32(Precision precision) {
    if (precision != Precision.FP32) {
      throw new IllegalArgumentException(
          "This version runs a model at the precision of its file, but the session options ask for "
              + precision
              + ". Open a file that is quantized already, with Precision.FP32.");
    }
  }

  private static OrtSettings settings(OnnxOptions onnx, int threads) {
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
        onnx.config());
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
  public Batch run(Batch in, RunOptions options) {
    try {
      return session.run(in, options, deadline(options));
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
