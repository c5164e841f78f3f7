package dev.hone.onnx;

import dev.hone.Precision;
import dev.hone.onnx.graph.ModelData;
import java.util.Optional;

/** The passes of this library. */
enum StandardPasses implements Passes {
  /** The only one. */
  INSTANCE;

  @Override
  public Optional<Precision> quantizedAs(ModelData model) {
    return Optional.empty();
  }

  @Override
  public Draft apply(Task task) {
    throw new IllegalArgumentException(
        "This version runs a model at the precision of its file, but the session options ask for "
            + task.precision()
            + ". Open a file that is quantized already, with Precision.FP32.");
  }
}
