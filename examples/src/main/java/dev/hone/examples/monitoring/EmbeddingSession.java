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
import java.io.IOException;
import java.util.List;

/**
 * The session that serves: in INT8, its callers share batches, and one request in a hundred is
 * answered by the full model as well, to see that the two still agree.
 */
final class EmbeddingSession {
  private EmbeddingSession() {}

  /** Opens it. The first time quantizing takes some seconds; the result is kept for the next. */
  static Shadow open() throws IOException {
    Model model = SemanticSearch.loadModel();
    Session baseline = Session.open(model, SessionOptions.builder().threads(1).build());
    Session fast = Batcher.over(openSmall(model), BatchPolicy.automatic());
    return Shadow.of(fast, baseline, ShadowPolicy.builder().sampledShare(0.01).build());
  }

  private static Session openSmall(Model model) throws IOException {
    List<Batch> examples = SemanticSearch.sentencesAsInputs();
    try {
      return Session.open(
          model,
          SessionOptions.builder()
              .precision(Precision.INT8)
              .calibration(examples.subList(0, 100))
              .checks(examples.subList(100, examples.size()))
              .threads(1)
              .build());
    } finally {
      examples.forEach(Batch::close);
    }
  }
}
