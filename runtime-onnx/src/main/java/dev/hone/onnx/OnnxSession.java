package dev.hone.onnx;

import dev.hone.AsyncRuns;
import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Failures;
import dev.hone.InputCheck;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.RuntimeOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.StopSignal;
import dev.hone.memory.LeakDetection;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import dev.hone.onnx.ort.NativeSession;
import java.lang.ref.Reference;
import java.nio.file.Path;
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

  /** A session that owns the native one and the folder, and closes them. */
  OnnxSession(
      Signature signature,
      NativeSession session,
      @Nullable Path temporaryFolder,
      SessionReport report,
      Recorder recorder) {
    this.recorder = recorder;
    this.signature = signature;
    this.session = session;
    this.report = report;
    int atOnce =
        report.runsAtOnce() > 0 ? report.runsAtOnce() : Runtime.getRuntime().availableProcessors();
    AsyncRuns runs = new AsyncRuns(session, recorder, "hone-async", atOnce);
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
  static Session open(OnnxModel model, SessionOptions options, Passes passes, Placement placement) {
    return new Opening(model, options, passes, placement).open();
  }

  /** As many threads as the options want. */
  static int threads(SessionOptions options) {
    return options.threads() == 0 ? Runtime.getRuntime().availableProcessors() : options.threads();
  }

  static OnnxOptions onnxOptions(SessionOptions options) {
    RuntimeOptions given = options.runtime().orElse(OnnxOptions.DEFAULT);
    if (given instanceof OnnxOptions onnx) {
      return onnx;
    }
    throw new IllegalArgumentException(
        "ONNX Runtime takes OnnxOptions, but the session options hold "
            + given.getClass().getName()
            + ". Make them with OnnxOptions.builder().");
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
      return session.run(in, options, StopSignal.deadlineNanos(options));
    } catch (RuntimeException | Error e) {
      Failures.record(recorder, e);
      throw e;
    } finally {
      Reference.reachabilityFence(this); // a session is no leak while it runs
    }
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    InputCheck.requireOptions(options);
    if (!options.outputs().isEmpty()) {
      throw new IllegalArgumentException(
          "The outputs to compute are those of the batch that you brought; do not name "
              + options.outputs()
              + " in the run options as well.");
    }
    try {
      session.run(in, out, options, StopSignal.deadlineNanos(options));
    } catch (RuntimeException | Error e) {
      Failures.record(recorder, e);
      throw e;
    } finally {
      Reference.reachabilityFence(this);
    }
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    return asyncRuns.submit(this, in, options);
  }

  /** The model's name and what it runs on, for example {@code model.onnx, INT8 on cpu}. */
  @Override
  public String toString() {
    return session + ", " + precision() + " on " + device();
  }

  @Override
  public void close() {
    lifeline.cut();
  }
}
