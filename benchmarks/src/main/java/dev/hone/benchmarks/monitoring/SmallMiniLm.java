package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.util.List;

/** MiniLM in INT8 and queries of 8 to 16 tokens for it: what a service would serve. */
final class SmallMiniLm implements AutoCloseable {
  private static final int REQUESTS = 64;

  private final Workload workload;

  SmallMiniLm() throws IOException {
    List<Batch> examples = TextModel.MINILM.examples();
    try {
      Model full = TextModel.MINILM.model();
      workload =
          Workload.shortTexts(REQUESTS)
              .small(SmallModels.file("int8", full, Precision.INT8, Form.AUTOMATIC, examples));
    } finally {
      examples.forEach(Batch::close);
    }
  }

  Model model() {
    return workload.model();
  }

  List<Batch> requests() {
    return workload.requests();
  }

  @Override
  public void close() {
    workload.close();
  }
}
