package dev.hone.examples.monitoring;

import dev.hone.Model;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowPolicy;

/**
 * The session that serves: its callers share batches, and one request in a hundred is answered by
 * the baseline as well, to see that the two still agree. With a precision in the fast session's
 * options the baseline watches what quantizing costs.
 */
final class EmbeddingSession {
  private EmbeddingSession() {}

  static Shadow open() {
    Model model = Model.loadResource(EmbeddingSession.class, "/all-minilm-l6-v2.onnx");
    Session fast = Batcher.over(Session.open(model), BatchPolicy.automatic());
    Session baseline = Session.open(model, SessionOptions.builder().threads(1).build());
    return Shadow.of(fast, baseline, ShadowPolicy.builder().sampledShare(0.01).build());
  }
}
