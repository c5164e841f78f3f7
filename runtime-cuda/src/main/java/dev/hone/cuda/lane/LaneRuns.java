package dev.hone.cuda.lane;

import dev.hone.AsyncRuns;
import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Failures;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.InputCheck;
import dev.hone.RunOptions;
import dev.hone.SessionReport;
import dev.hone.Shape;
import dev.hone.Signature;
import dev.hone.StopSignal;
import dev.hone.Tensor;
import dev.hone.cuda.device.CudaDevice;
import dev.hone.memory.Memory;
import dev.hone.metrics.RunTimer;
import dev.hone.onnx.failure.FailedRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The runs of a session: checked, given a slot, queued, waited for, and handed over. */
final class LaneRuns implements AsyncRuns.Runner, AutoCloseable {
  private final String name;
  private final CudaDevice device;
  private final StreamModel model;
  private final Signature signature;
  private final InputCheck check;
  private final Lanes lanes;
  private final int[] allOutputs;
  private final SettledOutputs settled;

  LaneRuns(CudaDevice device, StreamModel model, LaneSettings settings, Runnable whenClosed) {
    this.name = settings.name();
    this.device = device;
    this.model = model;
    this.signature = model.signature();
    this.check = new InputCheck(signature, settings.report().device());
    this.allOutputs = IntStream.range(0, signature.outputs().size()).toArray();
    this.settled = new SettledOutputs(model);
    this.lanes = new Lanes(device, model, check, settings, whenClosed);
  }

  GraphStats graphs() {
    return lanes.graphs();
  }

  /** The report of a session that may capture graphs, with what became of them until now. */
  SessionReport withGraphs(SessionReport report) {
    GraphStats stats = lanes.graphs();
    String failure = lanes.graphFailure();
    SessionReport noted =
        report.withNote(
            String.format(
                Locale.ROOT,
                "CUDA graphs: %d captured, %d runs were replays, %d refused%s.",
                stats.captured(),
                stats.replayed(),
                stats.refused(),
                failure == null ? "" : "; the first that could not be captured said: " + failure));
    List<String> open = settled.others();
    return open.isEmpty()
        ? noted
        : noted.withNote(
            "Runs that give " + open + " go without a CUDA graph: only the run tells their shape.");
  }

  @Override
  public void enter(Batch in) {
    lanes.enter();
    try {
      check.resolve(in, new int[check.inputCount()], new long[check.symbolCount()]);
      in.hold();
    } catch (RuntimeException | Error e) {
      lanes.exit();
      throw e;
    }
  }

  @Override
  public void exit(Batch in) {
    in.release();
    lanes.exit();
  }

  /** Runs into new tensors. */
  Batch run(Batch in, RunOptions options, long deadlineNanos) {
    enter(in);
    try {
      return runEntered(in, options, deadlineNanos, () -> true);
    } finally {
      exit(in);
    }
  }

  @Override
  public Batch runEntered(
      Batch in, RunOptions options, long deadlineNanos, BooleanSupplier wanted) {
    int[] chosen = chosen(options);
    try (StopSignal stop = StopSignal.of(options, deadlineNanos)) {
      Slot slot = lanes.take(stop);
      RunTimer timer = slot.timer;
      timer.begin();
      try {
        check.resolve(in, slot.inputPositions, slot.symbols);
        Batch result = runHeld(slot, in, chosen, stop, timer);
        if (!wanted.getAsBoolean()) {
          result.close();
          throw new CancelledException("The call was cancelled by its caller.");
        }
        timer.answered(rows(in));
        return result;
      } catch (HoneException e) {
        timer.unanswered(Failures.outcome(e));
        throw FailedRun.explain(e, name, in);
      } finally {
        timer.end();
        lanes.give(slot);
      }
    }
  }

  private Batch runHeld(
      Slot slot, Batch in, int[] chosen, @Nullable StopSignal stop, RunTimer timer) {
    slot.want(in);
    @Nullable Tensor[] tensors = new Tensor[chosen.length];
    try {
      for (int i = 0; i < chosen.length; i++) {
        tensors[i] = newTarget(slot, chosen[i]);
        slot.want(chosen[i], tensors[i]);
      }
      timer.validated();
      compute(slot, stop, timer);
      List<String> names = new ArrayList<>(chosen.length);
      List<Tensor> results = new ArrayList<>(chosen.length);
      for (int i = 0; i < chosen.length; i++) {
        Tensor target = tensors[i];
        if (target == null) {
          target = slot.outputs[chosen[i]].takeGiven();
          tensors[i] = target;
        }
        if (target != null) { // an optional output may stay away
          names.add(signature.outputs().get(chosen[i]).name());
          results.add(target);
        }
      }
      return Batch.of(names, results);
    } catch (RuntimeException | Error e) {
      for (Tensor tensor : tensors) {
        if (tensor != null) {
          tensor.close();
        }
      }
      throw e;
    }
  }

  private static void compute(Slot slot, @Nullable StopSignal stop, RunTimer timer) {
    try {
      slot.lane.submit(slot, stop);
      slot.lane.await(slot);
    } catch (RuntimeException e) {
      if (stop != null) {
        stop.throwIfStopped();
      }
      throw e;
    }
    timer.computed();
    if (stop != null) {
      stop.throwIfStopped();
    }
  }

  /** A tensor for an output whose shape the inputs tell; null where only the run does. */
  private @Nullable Tensor newTarget(Slot slot, int output) {
    Signature.Value value = signature.outputs().get(output);
    Shape shape = model.onDevice(value) ? check.outputShape(output, slot.symbols) : null;
    DataType type = value.type();
    if (shape == null || type == null) {
      return null;
    }
    long bytes = type.byteSize(shape.elementCount());
    Memory memory = device.pinned().takeIfThereIs(bytes);
    return Tensor.of(type, shape, memory == null ? pageable(bytes) : memory);
  }

  private static Memory pageable(long bytes) {
    try {
      return Memory.allocateUninitialized(bytes);
    } catch (OutOfMemoryError e) {
      throw new OutOfMemoryException("No memory for an output of " + bytes + " bytes.", e);
    }
  }

  private int[] chosen(RunOptions options) {
    List<String> names = options.outputs();
    return names.isEmpty() ? allOutputs : names.stream().mapToInt(check::output).toArray();
  }

  private static long rows(Batch in) {
    return in.size() == 0 ? 0 : in.tensor(0).shape().rows();
  }

  /** Runs into tensors that the caller brought. */
  void run(Batch in, Batch out, RunOptions options, long deadlineNanos) {
    lanes.enter();
    try (StopSignal stop = StopSignal.of(options, deadlineNanos)) {
      Slot slot = lanes.take(stop);
      RunTimer timer = slot.timer;
      timer.begin();
      try {
        check.resolve(in, slot.inputPositions, slot.symbols);
        check.resolveOutputs(out, slot.outputPositions, slot.symbols);
        in.hold();
        try {
          out.hold();
          try {
            runHeld(slot, in, out, stop, timer);
          } finally {
            out.release();
          }
        } catch (HoneException e) {
          timer.unanswered(Failures.outcome(e));
          throw FailedRun.explain(e, name, in);
        } finally {
          in.release();
        }
        timer.answered(rows(in));
      } finally {
        timer.end();
        lanes.give(slot);
      }
    } finally {
      lanes.exit();
    }
  }

  private void runHeld(Slot slot, Batch in, Batch out, @Nullable StopSignal stop, RunTimer timer) {
    slot.want(in);
    for (int i = 0; i < slot.outputPositions.length; i++) {
      if (slot.outputPositions[i] >= 0) {
        Tensor target = out.tensor(slot.outputPositions[i]);
        settled.requireHost(i, target);
        slot.want(i, settled.has(i) ? target : null);
      }
    }
    timer.validated();
    compute(slot, stop, timer);
    for (int i = 0; i < slot.outputPositions.length; i++) {
      Tensor given = slot.outputs[i].takeGiven();
      if (given != null) {
        try (given) {
          write(given, out, slot.outputPositions[i]);
        }
      }
    }
  }

  private static void write(Tensor given, Batch out, int position) {
    Tensor target = out.tensor(position);
    if (!given.shape().equals(target.shape())) {
      throw new IllegalArgumentException(
          "The output '"
              + out.name(position)
              + "' of this run is "
              + given
              + ", but the tensor for it is "
              + target
              + ". Bring a tensor of that shape, or let run(in) make one.");
    }
    target.copyFrom(given);
  }

  @Override
  public void close() {
    lanes.close();
  }
}
