package dev.hone.onnx.ort;

import dev.hone.Batch;
import dev.hone.metrics.RunTimer;
import java.util.Arrays;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.onnxruntime.OrtIoBinding;
import org.bytedeco.onnxruntime.OrtRunOptions;

/**
 * All that one run at a time needs: names and values bound to the session, run options, and
 * scratch. Used by one thread at a time; kept for the next run, because in a steady program that
 * one brings the same tensors and finds everything bound already.
 */
final class Lane implements AutoCloseable {
  final OrtRunOptions runOptions;
  final int[] inputPositions;
  final int[] outputPositions;
  final long[] symbols;
  final RunTimer timer;

  private final OrtLibrary library;
  private final NativeSession session;
  private final Releases releases = new Releases();
  private final OrtIoBinding binding;
  private final BoundValue[] inputs;
  private final BoundValue[] outputs;
  private final boolean[] inputBound;
  private final boolean[] outputBound;
  private final PointerPointer<Pointer> inputNames;
  private final PointerPointer<Pointer> inputValues;

  Lane(NativeSession session, int symbolCount, RunTimer timer) {
    this.timer = timer;
    this.session = session;
    this.library = session.library;
    int inputCount = session.inputNames.size();
    int outputCount = session.outputNames.size();
    this.inputPositions = new int[inputCount];
    this.outputPositions = new int[outputCount];
    this.symbols = new long[symbolCount];
    this.inputBound = new boolean[inputCount];
    this.outputBound = new boolean[outputCount];
    try {
      this.inputNames = pointers(inputCount);
      this.inputValues = pointers(inputCount);
      this.inputs = boundValues(inputCount);
      this.outputs = boundValues(outputCount);
      this.runOptions =
          releases.own(
              NativeRunOptions.create(library, session.runConfig), library.api::ReleaseRunOptions);
      this.binding =
          releases.own(
              new OrtIoBinding(
                  library.created(out -> library.api.CreateIoBinding(session.handle, out))),
              library.api::ReleaseIoBinding);
    } catch (RuntimeException | Error e) {
      releases.close();
      throw e;
    }
  }

  private PointerPointer<Pointer> pointers(int count) {
    return releases.own(new PointerPointer<>(Math.max(1, count)), PointerPointer::close);
  }

  private BoundValue[] boundValues(int count) {
    BoundValue[] values = new BoundValue[count];
    for (int i = 0; i < count; i++) {
      values[i] = releases.own(new BoundValue(library), BoundValue::close);
    }
    return values;
  }

  /** Runs into tensors that are there. Inputs and outputs must be held and checked. */
  void runInto(Batch in, Batch out) {
    bindInputs(in);
    bindOutputs(out);
    timer.validated();
    library.check(library.api.RunWithBinding(session.handle, runOptions, binding));
    timer.computed();
  }

  /** Runs and lets ONNX Runtime allocate the chosen outputs. Inputs must be held and checked. */
  Batch runAllocating(Batch in, int[] chosen) {
    int count = describeInputs(in);
    SequenceInputs sequences = session.sequences;
    if (sequences == null) {
      return runAllocating(count, chosen);
    }
    try (SequenceInputs.Feed feed = sequences.feed(in)) {
      int all = feed.appendTo(session.inputNames, inputNames, inputValues, count);
      return runAllocating(all, chosen);
    }
  }

  private int describeInputs(Batch in) {
    int count = 0;
    for (int i = 0; i < inputPositions.length; i++) {
      if (inputPositions[i] >= 0) {
        if (inputs[i].describe(in.tensor(inputPositions[i]))) {
          inputBound[i] = false; // the binding refers to the value that was just replaced
        }
        inputNames.put(count, session.inputNames.get(i));
        inputValues.put(count, inputs[i].value());
        count++;
      }
    }
    return count;
  }

  private Batch runAllocating(int count, int[] chosen) {
    try (PointerPointer<Pointer> names = new PointerPointer<>(chosen.length);
        PointerPointer<Pointer> values = new PointerPointer<>(chosen.length)) {
      for (int i = 0; i < chosen.length; i++) {
        names.put(i, session.outputNames.get(chosen[i]));
        values.put(i, (Pointer) null);
      }
      timer.validated();
      library.check(
          library.api.Run(
              session.handle,
              runOptions,
              inputNames,
              inputValues,
              count,
              names,
              chosen.length,
              values));
      timer.computed();
      return new OutputValues(library, this::isInput).take(session.namesOf(chosen), values);
    }
  }

  /** Whether an address is in the memory of an input of this run. */
  private boolean isInput(long address) {
    for (int i = 0; i < inputPositions.length; i++) {
      if (inputPositions[i] >= 0 && inputs[i].covers(address)) {
        return true;
      }
    }
    return false;
  }

  private void bindInputs(Batch in) {
    if (leavesOut(inputPositions, inputBound)) { // one alone cannot be unbound
      library.api.ClearBoundInputs().call(binding);
      Arrays.fill(inputBound, false);
    }
    for (int i = 0; i < inputPositions.length; i++) {
      if (inputPositions[i] >= 0) {
        boolean changed = inputs[i].describe(in.tensor(inputPositions[i]));
        if (changed || !inputBound[i]) {
          inputBound[i] = false; // in case the next line throws
          library.check(
              library.api.BindInput(binding, session.inputNames.get(i), inputs[i].value()));
          inputBound[i] = true;
        }
      }
    }
  }

  private void bindOutputs(Batch out) {
    if (leavesOut(outputPositions, outputBound)) {
      library.api.ClearBoundOutputs().call(binding);
      Arrays.fill(outputBound, false);
    }
    for (int i = 0; i < outputPositions.length; i++) {
      if (outputPositions[i] >= 0) {
        boolean changed = outputs[i].describe(out.tensor(outputPositions[i]));
        if (changed || !outputBound[i]) {
          outputBound[i] = false;
          library.check(
              library.api.BindOutput(binding, session.outputNames.get(i), outputs[i].value()));
          outputBound[i] = true;
        }
      }
    }
  }

  private static boolean leavesOut(int[] positions, boolean[] bound) {
    for (int i = 0; i < positions.length; i++) {
      if (positions[i] < 0 && bound[i]) {
        return true;
      }
    }
    return false;
  }

  @Override
  public void close() {
    releases.close();
  }
}
