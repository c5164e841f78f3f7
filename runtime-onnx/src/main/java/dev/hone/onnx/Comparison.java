package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.Tensor;
import dev.hone.onnx.QuantizationReport.Fidelity;
import dev.hone.onnx.QuantizationReport.Speed;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.check.OutputFidelity;
import dev.hone.onnx.check.SameAnswers;
import dev.hone.onnx.check.SpeedRatio;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Holds a smaller model against the original on the same inputs. */
final class Comparison implements AutoCloseable {
  private static final int MOST_TIMED_BATCHES = 8;
  private static final long MOST_TIMED_BYTES = 16 << 20;
  private static final long TIMING_NANOS = 1_000_000_000;

  private final ModelRunner original;
  private final Iterable<Batch> inputs;
  private final boolean madeUp;
  private final int threads;
  private final List<Batch> timed = new ArrayList<>();
  private Optional<String> reshaped = Optional.empty();

  /**
   * Compares with this model, which is borrowed.
   *
   * @param madeUp whether the inputs are made up
   */
  Comparison(ModelRunner original, Iterable<Batch> inputs, boolean madeUp, int threads) {
    this.original = original;
    this.inputs = inputs;
    this.madeUp = madeUp;
    this.threads = threads;
  }

  /** How near the answers are; empty if there is nothing to compare. */
  Optional<Fidelity> fidelity(ModelRunner smaller) {
    dev.hone.onnx.check.Fidelity fidelity = new dev.hone.onnx.check.Fidelity();
    for (Batch in : inputs) {
      try (Batch exact = original.run(in);
          Batch approximate = smaller.run(in)) {
        fidelity.add(in, exact, approximate);
      }
    }
    reshaped = fidelity.reshaped();
    String worst = fidelity.worst();
    OutputFidelity output = fidelity.outputs().get(worst);
    if (output == null) {
      return fidelity.sameAnswers().map(this::inLabels);
    }
    return Optional.of(
        new Fidelity(
            worst,
            output.rows(),
            madeUp,
            output.meanCosine(),
            output.percentileCosine(0.01),
            output.percentileCosine(0),
            output.spearman(),
            output.sameNeighbour(),
            output.sameTop()));
  }

  /** Of a model that answers in integers and texts only: there is no direction to compare. */
  private Fidelity inLabels(SameAnswers same) {
    double none = Double.NaN;
    return new Fidelity(
        same.output(), same.rows(), madeUp, same.share(), none, none, none, none, none);
  }

  /** What to say of answers that had another shape, when they were compared last. */
  Optional<String> reshaped() {
    return reshaped.map(
        became ->
            became + " Rows whose number hangs on values cannot be compared, and count as lost.");
  }

  /** How much faster the smaller model is on the first inputs; empty if there are none. */
  Optional<Speed> speed(ModelRunner smaller) {
    if (timed.isEmpty()) {
      copyFirst();
    }
    if (timed.isEmpty()) {
      return Optional.empty();
    }
    SpeedRatio ratio =
        SpeedRatio.measure(() -> runAll(original), () -> runAll(smaller), TIMING_NANOS);
    String input = timed.size() + (timed.size() == 1 ? " batch like " : " batches like ");
    return Optional.of(
        new Speed(
            ratio.ratio(),
            ratio.low(),
            ratio.high(),
            ratio.turns(),
            threads,
            input + timed.get(0)));
  }

  /** Copies, because a borrowed batch may be gone when the next one is asked for. */
  private void copyFirst() {
    long bytes = 0;
    for (Batch in : inputs) {
      for (int i = 0; i < in.size(); i++) {
        bytes += in.tensor(i).byteSize();
      }
      if (timed.size() == MOST_TIMED_BATCHES || (bytes > MOST_TIMED_BYTES && !timed.isEmpty())) {
        return;
      }
      timed.add(copy(in));
    }
  }

  private static Batch copy(Batch in) {
    List<Tensor> copies = new ArrayList<>();
    try {
      for (int i = 0; i < in.size(); i++) {
        Tensor tensor = in.tensor(i);
        copies.add(Tensor.allocate(tensor.type(), tensor.shape()));
        copies.get(i).copyFrom(tensor);
      }
      return Batch.of(in.names(), copies);
    } catch (RuntimeException | Error e) {
      copies.forEach(Tensor::close);
      throw e;
    }
  }

  private void runAll(ModelRunner runner) {
    timed.forEach(in -> runner.run(in).close());
  }

  @Override
  public void close() {
    timed.forEach(Batch::close);
  }
}
