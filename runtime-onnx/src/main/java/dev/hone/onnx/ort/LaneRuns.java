package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.StopSignal;
import java.util.List;
import java.util.stream.IntStream;

/**
 * How a run goes on a lane that it has to itself: where its outputs come from, and what stops it.
 * Inputs must be held, and the lane's places must name them. Thread-safe.
 */
final class LaneRuns implements AutoCloseable {
  private final OrtLibrary library;
  private final InputCheck check;
  private final int[] allOutputs;
  private final boolean onlyAllocates;
  private final PredictedOutputs predictedOutputs;
  private final EmptyRuns emptyRuns;

  LaneRuns(OrtLibrary library, Signature signature, InputCheck check, EmptyRuns emptyRuns) {
    this.library = library;
    this.emptyRuns = emptyRuns;
    this.check = check;
    this.allOutputs = IntStream.range(0, signature.outputs().size()).toArray();
    this.onlyAllocates =
        signature.inputs().stream().anyMatch(in -> in.kind() == Signature.Kind.SEQUENCE)
            || signature.outputs().stream().anyMatch(out -> isCopied(signature, out));
    this.predictedOutputs = new PredictedOutputs(signature, check);
  }

  /**
   * Strings live on the Java heap, so nothing native can write into them. And into the memory for
   * an output that is an input ONNX Runtime writes nothing: it hands the input through instead.
   */
  private static boolean isCopied(Signature signature, Signature.Value output) {
    return output.type() == DataType.STRING || signature.inputNames().contains(output.name());
  }

  /** Runs into tensors that the lane's places name. */
  void into(Lane lane, Batch in, Batch out, RunOptions options, long deadlineNanos) {
    SessionReport.Node culprit = emptyRuns.culprit(in);
    out.hold();
    try {
      if (culprit != null) {
        emptyRuns.answerInto(in, culprit, out);
      } else if (onlyAllocates) {
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
    try (Batch made = allocating(lane, in, chosen, options, deadline)) {
      ShapeMismatch.copy(made, out);
    }
  }

  /**
   * Runs and makes the outputs that the options choose. A run that fails with predicted ones is
   * repeated without: their shapes may be wrong.
   */
  Batch run(Lane lane, Batch in, RunOptions options, long deadlineNanos) {
    int[] chosen = chosen(options);
    SessionReport.Node culprit = emptyRuns.culprit(in);
    if (culprit != null) {
      return emptyRuns.answer(in, culprit, lane.symbols, chosen);
    }
    Batch predicted = onlyAllocates ? null : predictedOutputs.of(lane, chosen);
    if (predicted == null) {
      return allocating(lane, in, chosen, options, deadlineNanos);
    }
    try {
      into(lane, in, predicted, options, deadlineNanos);
      return predicted;
    } catch (RuntimeException | Error e) {
      predicted.close();
      if (!mayBeShapes(e)) {
        throw e;
      }
    }
    Batch result = allocating(lane, in, chosen, options, deadlineNanos);
    predictedOutputs.distrust();
    return result;
  }

  private int[] chosen(RunOptions options) {
    List<String> names = options.outputs();
    return names.isEmpty() ? allOutputs : names.stream().mapToInt(check::output).toArray();
  }

  private static boolean mayBeShapes(Throwable failure) {
    return failure instanceof HoneException
        && !(failure instanceof OrtLibrary.Terminated
            || failure instanceof OutOfMemoryException
            || failure instanceof HoneException.DeadlineException
            || failure instanceof HoneException.CancelledException);
  }

  private Batch allocating(Lane lane, Batch in, int[] chosen, RunOptions options, long deadline) {
    Batch[] result = new Batch[1];
    watched(lane, options, deadline, () -> result[0] = lane.runAllocating(in, chosen));
    return result[0];
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

  @Override
  public void close() {
    predictedOutputs.close();
  }
}
