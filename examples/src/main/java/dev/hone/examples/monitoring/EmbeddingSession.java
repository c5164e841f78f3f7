package dev.hone.examples.monitoring;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.examples.SemanticSearch;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowPolicy;
import dev.hone.shadow.ShadowReference;
import java.io.IOException;
import java.util.List;

/**
 * The session that serves: in INT8, its callers share batches, and one request in a hundred is
 * answered by the full model as well, to see that the two still agree and that requests are still
 * what they were.
 */
final class EmbeddingSession {
  private static final int CALIBRATION_SENTENCES = 100;

  /** All requests queue, so that what the queue has no room for is refused at once. */
  private static final BatchPolicy BOUNDED =
      BatchPolicy.builder().whenOverloaded(BatchPolicy.Overload.REJECT).build();

  private EmbeddingSession() {}

  /** Opens it. The first time quantizing takes some seconds; the result is kept for the next. */
  static Shadow open() throws IOException {
    Model model = SemanticSearch.loadModel();
    List<Batch> examples = SemanticSearch.sentencesAsInputs();
    try {
      Session baseline = Session.open(model, SessionOptions.builder().threads(1).build());
      Session small = openSmall(model, examples);
      // What is normal. A service measures it on requests of its own when it makes the model, keeps
      // it beside the model with save, and reads it with ShadowReference.load.
      ShadowReference reference = ShadowReference.measure(small, baseline, examples);
      return Shadow.of(
          Batcher.over(small, BOUNDED),
          baseline,
          ShadowPolicy.builder().sampledShare(0.01).reference(reference).build());
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static Session openSmall(Model model, List<Batch> examples) {
    return Session.open(
        model,
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(examples.subList(0, CALIBRATION_SENTENCES))
            .checks(examples.subList(CALIBRATION_SENTENCES, examples.size()))
            .threads(1)
            .build());
  }
}
