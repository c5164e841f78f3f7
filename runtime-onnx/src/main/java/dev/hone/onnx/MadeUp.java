package dev.hone.onnx;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.check.MadeUpInputs;
import dev.hone.onnx.graph.ModelData;
import java.util.List;

/** Made-up inputs that a model was seen to take. */
final class MadeUp {
  /** Of dimensions that vary, the first that the model takes. */
  private static final int[] LENGTHS = {32, 64, 224, 128, 16, 1};

  private MadeUp() {}

  /**
   * So many batches, which the caller closes; none if the model takes none that can be made up.
   *
   * @param runner runs the model, to try them
   */
  static List<Batch> of(ModelData model, ModelRunner runner, int count) {
    for (int length : LENGTHS) {
      List<Batch> batches = MadeUpInputs.of(model, length, count);
      if (batches.isEmpty()) {
        return batches;
      }
      try {
        runner.run(batches.get(0)).close();
        return batches;
      } catch (HoneException | IllegalArgumentException e) {
        batches.forEach(Batch::close); // the model wants other lengths
      }
    }
    return List.of();
  }
}
