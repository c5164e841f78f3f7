package dev.hone.cuda.lane;

import dev.hone.AsyncRuns;
import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Failures;
import dev.hone.InputCheck;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.StopSignal;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.memory.LeakDetection;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.SessionStats;
import java.lang.ref.Reference;
import java.util.concurrent.CompletableFuture;

/**
 * A {@link Session} on lanes of a device. Results of {@code run(in)} lie in page-locked memory,
 * which the device writes by itself; so do inputs and outputs whose memory came from {@link
 * CudaDevice#pinned}, without a copy by the host. Tensors that lie on the device are used where
 * they are. Other tensors are copied by way of page-locked memory.
 *
 * <p>A deadline or a cancellation stops a run while it waits or is being queued. What the device
 * has begun it ends; the call then throws and its result is dropped.
 */
public final class LaneSession implements Session {
  private final String name;
  private final Signature signature;
  private final LaneRuns runs;
  private final AsyncRuns asyncRuns;
  private final SessionReport report;
  private final boolean capturesGraphs;
  private final Recorder recorder;
  private final LeakDetection.Lifeline lifeline;

  private LaneSession(
      Signature signature, LaneRuns runs, AsyncRuns asyncRuns, LaneSettings settings) {
    this.name = settings.name();
    this.signature = signature;
    this.runs = runs;
    this.asyncRuns = asyncRuns;
    this.report = settings.report().withRunsAtOnce(LaneSettings.runsAtOnce(settings.lanes()));
    this.capturesGraphs = settings.maxGraphs() > 0;
    this.recorder = settings.recorder();
    this.lifeline =
        LeakDetection.track(
            this,
            "session",
            () -> {
              runs.close();
              asyncRuns.close();
            });
  }

  /**
   * Opens a session.
   *
   * @param device where; must stay open until {@code whenClosed} runs
   * @param model what runs there
   * @param settings how
   * @param whenClosed runs once, when the session is closed and nothing of it is on the device any
   *     more: closes the model and the device, where they are the session's own
   */
  public static LaneSession open(
      CudaDevice device, StreamModel model, LaneSettings settings, Runnable whenClosed) {
    LaneRuns runs = new LaneRuns(device, model, settings, whenClosed);
    // One less than slots, so that who calls directly finds one.
    int threads = LaneSettings.runsAtOnce(settings.lanes()) - 1;
    AsyncRuns asyncRuns = new AsyncRuns(runs, settings.recorder(), "hone-cuda-async", threads);
    return new LaneSession(model.signature(), runs, asyncRuns, settings);
  }

  /** What became of graphs since it was opened. */
  public GraphStats graphs() {
    return runs.graphs();
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
    return capturesGraphs ? runs.withGraphs(report) : report;
  }

  @Override
  public SessionStats stats() {
    return recorder.snapshot();
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    try {
      return runs.run(in, options, StopSignal.deadlineNanos(options));
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
      runs.run(in, out, options, StopSignal.deadlineNanos(options));
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

  /** Its model, precision and device, for people. */
  @Override
  public String toString() {
    return name + ", " + precision() + " on " + device();
  }

  @Override
  public void close() {
    lifeline.cut();
  }
}
