package dev.hone.onnx.ort;

import dev.hone.AsyncRuns;
import dev.hone.Batch;
import dev.hone.Failures;
import dev.hone.HoneException;
import dev.hone.InputCheck;
import dev.hone.ModelSource;
import dev.hone.RunOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.RunTimer;
import dev.hone.onnx.failure.FailedRun;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.onnxruntime.OrtSession;
import org.jspecify.annotations.Nullable;

/**
 * An open session of ONNX Runtime.
 *
 * <p>Thread-safe: each run takes a {@link Lane} for itself. {@link #close} waits for the runs under
 * way, then frees everything, once.
 */
public final class NativeSession implements AsyncRuns.Runner, AutoCloseable {
  final OrtLibrary library;
  final OrtSession handle;
  final Names inputNames;
  final Names outputNames;
  final @Nullable SequenceInputs sequences;
  final Map<String, String> runConfig;

  private final Signature signature;
  private final InputCheck check;
  private final String name;
  private final Recorder recorder;
  private final CallGate gate;
  private final Lanes lanes;
  private final LaneRuns laneRuns;
  private final Releases releases;

  private NativeSession(
      OrtLibrary library,
      OrtSession handle,
      Releases releases,
      OrtSettings settings,
      Signature signature,
      String name,
      Recorder recorder) {
    this.name = name;
    this.gate = new CallGate("session of '" + name + "'");
    this.recorder = recorder;
    this.library = library;
    this.handle = handle;
    this.releases = releases;
    this.runConfig = settings.runConfig();
    this.signature = signature;
    this.check = new InputCheck(signature);
    EmptyRuns emptyRuns =
        new EmptyRuns(signature, check, () -> NodeAssignment.read(handle), library.version());
    this.laneRuns =
        releases.own(new LaneRuns(library, signature, check, emptyRuns), LaneRuns::close);
    this.inputNames = releases.own(new Names(signature.inputNames()), Names::close);
    this.outputNames = releases.own(new Names(signature.outputNames()), Names::close);
    this.sequences = SequenceInputs.of(library, signature);
    if (sequences != null) {
      releases.own(sequences, SequenceInputs::close);
    }
    this.lanes = releases.own(new Lanes(this::newLane), Lanes::close);
    if (settings.profile() != null) {
      releases.own(this, NativeSession::endProfile);
    }
  }

  /**
   * Opens a model.
   *
   * @param source the model's bytes
   * @param signature the model's inputs and outputs
   * @param settings how to open it
   * @param name its name in events
   * @param recorder told of each run that is answered
   * @throws HoneException.NativeLibraryException if the library is not there
   * @throws HoneException.ModelException if ONNX Runtime refuses the model
   */
  public static NativeSession open(
      ModelSource source,
      Signature signature,
      OrtSettings settings,
      String name,
      Recorder recorder) {
    OrtLibrary library = OrtLibrary.get();
    Releases releases = new Releases();
    try {
      NativeOptions options =
          releases.own(new NativeOptions(library, settings), NativeOptions::close);
      OrtSession handle =
          releases.own(new NativeModel(library, source).open(options), library.api::ReleaseSession);
      return new NativeSession(library, handle, releases, settings, signature, name, recorder);
    } catch (RuntimeException | Error e) {
      releases.close();
      throw e;
    }
  }

  private Lane newLane() {
    return newLane(recorder);
  }

  private Lane newLane(Recorder told) {
    return new Lane(this, check.symbolCount(), new RunTimer(name, told));
  }

  private Lane takeLane() {
    Lane lane = lanes.take();
    lane.timer.begin();
    return lane;
  }

  private void giveLane(Lane lane) {
    lane.timer.end();
    lanes.give(lane);
  }

  private static long rows(Batch in) {
    return in.size() == 0 ? 0 : in.tensor(0).shape().rows();
  }

  List<String> namesOf(int[] outputs) {
    return Arrays.stream(outputs).mapToObj(i -> signature.outputs().get(i).name()).toList();
  }

  /** What each node runs on, after ONNX Runtime's own rewriting. */
  public List<SessionReport.Node> nodes() {
    gate.enter();
    try {
      return NodeAssignment.read(handle);
    } finally {
      gate.exit();
    }
  }

  /** What may end the process inside the model, of these nodes of it; empty for nothing known. */
  public Optional<String> danger(List<SessionReport.Node> nodes) {
    return EmptyRuns.inside(nodes, library.version());
  }

  /** Runs the model into tensors that are there; see {@link dev.hone.Session#run(Batch, Batch)}. */
  public void run(Batch in, Batch out, RunOptions runOptions, long deadlineNanos) {
    gate.enter();
    try {
      Lane lane = takeLane();
      try {
        check.resolve(in, lane.inputPositions, lane.symbols);
        check.resolveOutputs(out, lane.outputPositions, lane.symbols);
        in.hold();
        try {
          laneRuns.into(lane, in, out, runOptions, deadlineNanos);
        } catch (HoneException e) {
          lane.timer.unanswered(Failures.outcome(e));
          throw FailedRun.explain(ShapeMismatch.explain(e, out), name, in);
        } finally {
          in.release();
        }
        lane.timer.answered(rows(in));
      } finally {
        giveLane(lane);
      }
    } finally {
      gate.exit();
    }
  }

  /** Runs the model; see {@link dev.hone.Session#run(Batch, RunOptions)}. */
  public Batch run(Batch in, RunOptions runOptions, long deadlineNanos) {
    gate.enter();
    try {
      Lane lane = takeLane();
      try {
        return run(lane, in, runOptions, deadlineNanos);
      } finally {
        giveLane(lane);
      }
    } finally {
      gate.exit();
    }
  }

  /** Runs the model for somebody who is no caller of the session: no recorder is told. */
  public Batch runUncounted(Batch in) {
    gate.enter();
    try (Lane lane = newLane(Recorder.disabled())) {
      lane.timer.begin();
      try {
        return run(lane, in, RunOptions.DEFAULT, 0);
      } finally {
        lane.timer.end();
      }
    } finally {
      gate.exit();
    }
  }

  private Batch run(Lane lane, Batch in, RunOptions runOptions, long deadlineNanos) {
    check.resolve(in, lane.inputPositions, lane.symbols);
    in.hold();
    try {
      Batch result = laneRuns.run(lane, in, runOptions, deadlineNanos);
      lane.timer.answered(rows(in));
      return result;
    } catch (HoneException e) {
      lane.timer.unanswered(Failures.outcome(e));
      throw FailedRun.explain(e, name, in);
    } finally {
      in.release();
    }
  }

  @Override
  public void enter(Batch in) {
    gate.enter();
    try {
      check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]);
      in.hold();
    } catch (RuntimeException | Error e) {
      gate.exit();
      throw e;
    }
  }

  @Override
  public Batch runEntered(
      Batch in, RunOptions runOptions, long deadlineNanos, BooleanSupplier wanted) {
    Lane lane = takeLane();
    try {
      check.resolve(in, lane.inputPositions, lane.symbols);
      Batch result = laneRuns.run(lane, in, runOptions, deadlineNanos);
      if (!wanted.getAsBoolean()) {
        result.close();
        throw new HoneException.CancelledException("The call was cancelled by its caller.");
      }
      lane.timer.answered(rows(in));
      return result;
    } catch (HoneException e) {
      lane.timer.unanswered(Failures.outcome(e));
      throw FailedRun.explain(e, name, in);
    } finally {
      giveLane(lane);
    }
  }

  @Override
  public void exit(Batch in) {
    in.release();
    gate.exit();
  }

  /** The model's name. */
  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    if (gate.close()) {
      releases.close();
    }
  }

  private void endProfile() {
    Pointer file =
        library.created(out -> library.api.SessionEndProfiling(handle, library.allocator, out));
    library.check(library.api.AllocatorFree(library.allocator, file));
  }
}
