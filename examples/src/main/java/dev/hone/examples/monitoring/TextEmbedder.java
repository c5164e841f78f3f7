package dev.hone.examples.monitoring;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.Objects;

/**
 * Turns one text into one vector, on whatever session it is given. Each text is a call of its own:
 * that calls share batches is the session's business.
 */
final class TextEmbedder implements AutoCloseable {
  private static final int WIDTH = 384;

  private final Session session;
  private final HuggingFaceTokenizer tokenizer;

  TextEmbedder(Session session) throws IOException {
    this.session = session;
    this.tokenizer = openTokenizer();
  }

  private static HuggingFaceTokenizer openTokenizer() throws IOException {
    try (InputStream json =
        Objects.requireNonNull(
            TextEmbedder.class.getResourceAsStream("/all-minilm-l6-v2-tokenizer.json"))) {
      return HuggingFaceTokenizer.newInstance(
          json, Map.of("padding", "false", "truncation", "true", "maxLength", "128"));
    }
  }

  /** The inputs of the model for one text. The caller closes them. */
  Batch tokenize(String text) {
    Encoding tokens = tokenizer.encode(text);
    return Batch.of(
        "input_ids", row(tokens.getIds()),
        "attention_mask", row(tokens.getAttentionMask()),
        "token_type_ids", row(tokens.getTypeIds()));
  }

  private static Tensor row(long[] values) {
    return Tensor.of(new long[][] {values});
  }

  /** The text's vector, of length 1. */
  float[] embed(String text, RunOptions options) {
    try (Batch input = tokenize(text);
        Batch output = session.run(input, options)) {
      float[] hidden = output.get("last_hidden_state").toFloatMatrix()[0];
      float[] vector = new float[WIDTH];
      for (int i = 0; i < hidden.length; i++) {
        vector[i % WIDTH] += hidden[i];
      }
      double square = 0;
      for (float value : vector) {
        square += value * value;
      }
      float length = (float) Math.sqrt(square);
      for (int i = 0; i < WIDTH; i++) {
        vector[i] /= length;
      }
      return vector;
    }
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
