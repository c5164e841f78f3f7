package dev.hone.onnx.ort;

import dev.hone.AsyncRuns;
import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.InputCheck;
import dev.hone.ModelSource;
import dev.hone.RunOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.StopSignal;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.RunTimer;
import dev.hone.onnx.failure.FailedRun;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
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

  private final NativeOptions options;
  private final Signature signature;
  private final InputCheck check;
  private final String name;
  private final Recorder recorder;
  private final int[] allOutputs;
  private final boolean onlyAllocates;
  private final boolean profiling;
  private final CallGate gate;
  private final Lanes lanes = new Lanes(this::newLane);
  private final PredictedOutputs predictedOutputs;

  private NativeSession(
      OrtLibrary library,
      OrtSession handle,
      NativeOptions options,
      OrtSettings settings,
      Signature signature,
      String name,
      Recorder recorder) {
    this.name = name;
    this.gate = new CallGate("session of '" + name + "'");
    this.recorder = recorder;
    this.library = library;
    this.handle = handle;
    this.options = options;
    this.runConfig = settings.runConfig();
    this.profiling = settings.profile() != null;
    this.signature = signature;
    this.check = new InputCheck(signature);
    this.predictedOutputs = new PredictedOutputs(signature, check);
    this.sequences = SequenceInputs.of(library, signature);
    this.inputNames = new Names(signature.inputNames());
    this.outputNames = new Names(signature.outputNames());
    this.allOutputs = IntStream.range(0, signature.outputs().size()).toArray();
    this.onlyAllocates = sequences != null || signature.outputs().stream().anyMatch(this::isCopied);
  }

  /**
   * Strings live on the Java heap, so nothing native can write into them. And into the memory for
   * an output that is an input ONNX Runtime writes nothing: it hands the input through instead.
   */
  private boolean isCopied(Signature.Value output) {
    return output.type() == DataType.STRING || signature.inputNames().contains(output.name());
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
    NativeOptions options = new NativeOptions(library, settings);
    try {
      OrtSession handle = new NativeModel(library, source).open(options);
      return new NativeSession(library, handle, options, settings, signature, name, recorder);
    } catch (RuntimeException e) {
      options.close();
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
          runHeld(lane, in, out, runOptions, deadlineNanos);
        } catch (HoneException e) {
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

  private void runHeld(Lane lane, Batch in, Batch out, RunOptions options, long deadlineNanos) {
    out.hold();
    try {
      if (onlyAllocates) {
        runAndCopy(lane, in, out, options, deadlineNanos);
      } else if (options.isStoppable()) {
        watched(lane, options, deadlineNanos, () -> lane.runInto(in, out));
      } else {
        lane.runInto(in, out);
      }
    } finally {
      out.release();
    }
  }

  /** For outputs that must be copied; runs with sequences are rare enough to go this way, too. */
  private void runAndCopy(Lane lane, Batch in, Batch out, RunOptions options, long deadline) {
    int[] chosen =
        IntStream.range(0, lane.outputPositions.length)
            .filter(i -> lane.outputPositions[i] >= 0)
            .toArray();
    Batch[] result = new Batch[1];
    watched(lane, options, deadline, () -> result[0] = lane.runAllocating(in, chosen));
    try (Batch made = result[0]) {
      ShapeMismatch.copy(made, out);
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
      Batch result = allocateAndRun(lane, in, chosen(runOptions), runOptions, deadlineNanos);
      lane.timer.answered(rows(in));
      return result;
    } catch (HoneException e) {
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
    } catch (RuntimeException e) {
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
      Batch result = allocateAndRun(lane, in, chosen(runOptions), runOptions, deadlineNanos);
      if (!wanted.getAsBoolean()) {
        result.close();
        throw new HoneException.CancelledException("The call was cancelled by its caller.");
      }
      lane.timer.answered(rows(in));
      return result;
    } catch (HoneException e) {
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

  private int[] chosen(RunOptions options) {
    List<String> names = options.outputs();
    return names.isEmpty() ? allOutputs : names.stream().mapToInt(check::output).toArray();
  }

  /** A run that fails with predicted outputs is repeated without: their shapes may be wrong. */
  private Batch allocateAndRun(
      Lane lane, Batch in, int[] chosen, RunOptions options, long deadlineNanos) {
    Batch predicted = onlyAllocates ? null : predictedOutputs.of(lane, chosen);
    if (predicted != null) {
      try {
        runHeld(lane, in, predicted, options, deadlineNanos);
        return predicted;
      } catch (OrtLibrary.Terminated | OutOfMemoryException e) {
        predicted.close();
        throw e;
      } catch (HoneException e) {
        predicted.close();
        if (isStop(e)) {
          throw e;
        }
      }
    }
    Batch[] result = new Batch[1];
    watched(lane, options, deadlineNanos, () -> result[0] = lane.runAllocating(in, chosen));
    if (predicted != null) {
      predictedOutputs.distrust();
    }
    return result[0];
  }

  private static boolean isStop(HoneException e) {
    return e instanceof HoneException.DeadlineException
        || e instanceof HoneException.CancelledException;
  }

  private void watched(Lane lane, RunOptions options, long deadlineNanos, Runnable run) {
    try (StopSignal stop = StopSignal.of(options, deadlineNanos)) {
      if (stop == null) {
        run.run();
        return;
      }
      stop.throwIfStopped();
      try (Stopping ignored = new Stopping(library, lane.runOptions, stop.signal())) {
        run.run();
      } catch (OrtLibrary.Terminated e) {
        stop.throwIfStopped();
        throw e;
      }
    }
  }

  /** The model's name. */
  @Override
  public String toString() {
    return name;
  }

  @Override
  public void close() {
    if (!gate.close()) {
      return;
    }
    if (profiling) {
      library.created(out -> library.api.SessionEndProfiling(handle, library.allocator, out));
    }
    lanes.close();
    if (sequences != null) {
      sequences.close();
    }
    library.api.ReleaseSession(handle);
    options.close();
    inputNames.close();
    outputNames.close();
    predictedOutputs.close();
  }
}
