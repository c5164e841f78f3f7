package dev.hone.benchmarks.cuda;

import dev.hone.Model;
import dev.hone.Tensor;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.onnx.gpu.StreamRuns;
import dev.hone.onnx.ort.BoundRuns;
import dev.hone.onnx.ort.OrtSettings;
import java.util.Map;

/**
 * A session of ONNX Runtime whose input and output are bound once; then only {@code RunWithBinding}
 * is called, and its end awaited.
 */
final class BareRun implements Rival {
  private final StreamRuns runs;
  private final Runnable end;
  private final Runnable whenClosed;

  /**
   * What is bound.
   *
   * @param in the model's only input
   * @param inAddress where it lies
   * @param out the model's only output
   * @param outAddress where it lies
   */
  record Bound(Tensor in, long inAddress, Tensor out, long outAddress) {}

  /**
   * Opens it.
   *
   * @param provider options of the CUDA provider; empty for that of the processor
   * @param stream where it computes; 0 for a stream of ONNX Runtime's own
   * @param end waits for the end of a run
   * @param whenClosed runs after the session is closed
   */
  BareRun(
      Model model,
      Map<String, String> provider,
      long stream,
      Bound bound,
      Runnable end,
      Runnable whenClosed) {
    this.runs =
        BoundRuns.open(model.source(), model.signature(), OrtSettings.plain(provider), stream);
    this.end = end;
    this.whenClosed = whenClosed;
    runs.begin();
    runs.input(0, bound.in, bound.inAddress);
    runs.output(0, bound.out, bound.outAddress);
  }

  @Override
  public void once() {
    runs.run(null).close();
    end.run();
  }

  @Override
  public void close() {
    runs.close();
    whenClosed.run();
  }
}
