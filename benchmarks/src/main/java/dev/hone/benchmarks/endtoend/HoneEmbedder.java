package dev.hone.benchmarks.endtoend;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.endtoend.Laps.Part;
import dev.hone.benchmarks.inputs.TextModel;
import java.io.IOException;

/** A tokenizer, a session and a mean: MiniLM in Hone as an application would use it. */
final class HoneEmbedder implements Embedder {
  private static final TextModel MODEL = TextModel.MINILM;

  private final HuggingFaceTokenizer tokenizer;
  private final Session session;

  /** Takes the session over. */
  HoneEmbedder(Session session) throws IOException {
    this.session = session;
    this.tokenizer = MODEL.tokenizer(TextModel.CUT);
  }

  @Override
  public float[] embed(String text) {
    long[][] tokens = {tokenizer.encode(text).getIds()};
    try (Batch in = TextModel.batch(tokens);
        Batch out = session.run(in)) {
      return MODEL.vectors(out.tensor(0).toFloatArray(), tokens)[0];
    }
  }

  /** The same, with the parts of the call timed. */
  float[] embed(String text, Laps laps) {
    Laps.Lap lap = laps.begin();
    long[][] tokens = {tokenizer.encode(text).getIds()};
    lap.end(Part.TOKENIZER);
    try (Batch in = TextModel.batch(tokens)) {
      lap.end(Part.INPUTS);
      try (Batch out = session.run(in)) {
        lap.end(Part.SESSION);
        float[] vector = MODEL.vectors(out.tensor(0).toFloatArray(), tokens)[0];
        lap.end(Part.VECTOR);
        return vector;
      }
    }
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
