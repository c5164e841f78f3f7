package dev.hone.onnx.calibrate;

import dev.hone.Batch;
import dev.hone.onnx.graph.ModelData;

/**
 * A graph made ready to run. Passes over graphs need answers of a model without knowing who gives
 * them; the package above hands them an {@link Opener}.
 */
public interface ModelRunner extends AutoCloseable {
  /**
   * Runs the graph.
   *
   * @param in the inputs, borrowed
   * @return all outputs, owned by the caller
   */
  Batch run(Batch in);

  @Override
  void close();

  /** Makes graphs ready to run. */
  @FunctionalInterface
  interface Opener {
    /**
     * Makes a graph ready to run as it is now; later changes of it are not seen. The caller closes
     * what it gets.
     */
    ModelRunner open(ModelData model);
  }
}
