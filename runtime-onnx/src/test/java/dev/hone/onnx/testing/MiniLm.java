package dev.hone.onnx.testing;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URL;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** The sentence transformer all-MiniLM-L6-v2 with its tokenizer. */
public final class MiniLm {
  /** The model, at the root of the class path. */
  public static final String RESOURCE = "/all-minilm-l6-v2.onnx";

  /** Its only output. */
  public static final String OUTPUT = "last_hidden_state";

  private static final String TOKENIZER = "/all-minilm-l6-v2-tokenizer.json";

  private MiniLm() {}

  /** The model. */
  public static Model model() {
    return Model.loadResource(MiniLm.class, RESOURCE);
  }

  /** The tokens of each text; what the model takes for one text, unpadded. */
  public static List<long[]> tokenize(List<String> texts) {
    URL resource = Objects.requireNonNull(MiniLm.class.getResource(TOKENIZER));
    try (InputStream in = resource.openStream();
        HuggingFaceTokenizer tokenizer =
            HuggingFaceTokenizer.newInstance(in, Map.of("padding", "false"))) {
      return texts.stream().map(tokenizer::encode).map(Encoding::getIds).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One row of tokens as the model's three inputs. */
  public static Batch batch(long[] ids) {
    long[] ones = new long[ids.length];
    Arrays.fill(ones, 1);
    return Batch.of(
        "input_ids",
        Tensor.of(ids, 1, ids.length),
        "attention_mask",
        Tensor.of(ones, 1, ids.length),
        "token_type_ids",
        Tensor.of(new long[ids.length], 1, ids.length));
  }
}
