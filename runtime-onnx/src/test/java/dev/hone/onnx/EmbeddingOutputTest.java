package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The step in the graph against the same step in Java, as the kernel is. */
class EmbeddingOutputTest {
  private static final Dimension TEXTS = Dimension.of("texts");
  private static final Dimension TOKENS = Dimension.of("tokens");

  /** Gives back what it gets. */
  private static Model echo(DataType type, int width, long opset, DataType maskType) {
    Graph graph = new Graph("echo");
    graph.addInput(ValueInfo.tensor("h", type, TEXTS, TOKENS, Dimension.of(width)));
    graph.addInput(ValueInfo.tensor("m", maskType, TEXTS, TOKENS));
    graph.add(Node.of("Identity", List.of("h"), List.of("hidden")));
    graph.addOutput(ValueInfo.tensor("hidden", type, TEXTS, TOKENS, Dimension.of(width)));
    return ModelRuns.model(ModelData.of(graph, opset));
  }

  private static float[] reference(float[] hidden, long[] mask, int length, int width) {
    int texts = mask.length / length;
    float[] out = new float[texts * width];
    for (int text = 0; text < texts; text++) {
      double count = 0;
      double[] sum = new double[width];
      for (int token = 0; token < length; token++) {
        if (mask[text * length + token] != 0) {
          count++;
          for (int i = 0; i < width; i++) {
            sum[i] += hidden[(text * length + token) * width + i];
          }
        }
      }
      double square = 0;
      for (int i = 0; i < width; i++) {
        sum[i] /= Math.max(count, 1e-9);
        square += sum[i] * sum[i];
      }
      for (int i = 0; i < width; i++) {
        out[text * width + i] = (float) (sum[i] / Math.max(Math.sqrt(square), 1e-12));
      }
    }
    return out;
  }

  @ParameterizedTest
  @CsvSource({
    "FLOAT32, 11, INT64, 3, 7, 5",
    "FLOAT32, 13, INT64, 1, 1, 1",
    "FLOAT32, 17, INT64, 4, 33, 64",
    "FLOAT16, 17, INT64, 2, 9, 16",
    "FLOAT32, 21, INT32, 2, 9, 16"
  })
  void theStepIsThatOfJava(
      DataType type, long opset, DataType maskType, int texts, int length, int width) {
    Random random = new Random(texts);
    float[] hidden = new float[texts * length * width];
    for (int i = 0; i < hidden.length; i++) {
      hidden[i] = random.nextInt(2048) / 64f - 16; // a half holds it, too
    }
    long[] mask = new long[texts * length];
    int[] narrow = new int[mask.length];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i < length ? 1 : random.nextInt(2); // the first text has tokens
      narrow[i] = (int) mask[i];
    }
    try (Session session =
            Session.open(EmbeddingOutput.of(echo(type, width, opset, maskType), "hidden", "m"));
        Batch in =
            Batch.of(
                "h",
                tensor(type, hidden, texts, length, width),
                "m",
                maskType == DataType.INT64
                    ? Tensor.of(mask, texts, length)
                    : Tensor.of(narrow, texts, length));
        Batch out = session.run(in)) {
      assertThat(session.signature().outputNames()).containsExactly(EmbeddingOutput.NAME);
      assertThat(out.get(EmbeddingOutput.NAME).toFloatArray())
          .containsExactly(reference(hidden, mask, length, width), within(2e-6f));
    }
  }

  private static Tensor tensor(DataType type, float[] values, int texts, int length, int width) {
    Tensor tensor = Tensor.allocate(type, Shape.of(texts, length, width));
    tensor.copyFrom(values);
    return tensor;
  }

  @Test
  void aTextWithoutTokensGivesZerosAndWhatLiesUnderTheMaskHasNoInfluence() {
    float[] hidden = {3, 4, Float.NaN, Float.POSITIVE_INFINITY, 1, 1, 1, 1};
    long[] mask = {1, 0, 0, 0};
    Model model = EmbeddingOutput.of(echo(DataType.FLOAT32, 2, 17, DataType.INT64), "hidden", "m");
    try (Session session = Session.open(model);
        Batch in = Batch.of("h", Tensor.of(hidden, 2, 2, 2), "m", Tensor.of(mask, 2, 2));
        Batch out = session.run(in)) {
      assertThat(out.tensor(0).toFloatArray())
          .containsExactly(new float[] {0.6f, 0.8f, 0, 0}, within(1e-6f));
    }
  }

  @Test
  void aRealEmbedderGivesOneVectorForEachText() {
    Model model = MiniLm.model();
    Model embedder = EmbeddingOutput.of(model, MiniLm.OUTPUT, "attention_mask");
    long[] ids = MiniLm.tokenize(List.of("One vector for a sentence.")).get(0);
    try (Session tokens = Session.open(model);
        Session whole = Session.open(embedder);
        Batch in = MiniLm.batch(ids);
        Batch hidden = tokens.run(in);
        Batch out = whole.run(in)) {
      float[] values = hidden.get(MiniLm.OUTPUT).toFloatArray();
      long[] ones = in.get("attention_mask").toLongArray();
      float[] expected = reference(values, ones, ids.length, values.length / ids.length);
      assertThat(out.get(EmbeddingOutput.NAME).toFloatArray())
          .containsExactly(expected, within(1e-5f));
    }
  }

  @Test
  void aMaskThatIsNoTableOfNumbersIsRefusedWithTheRemedy() {
    Model texts = echo(DataType.FLOAT32, 2, 17, DataType.STRING);
    assertThatThrownBy(() -> EmbeddingOutput.of(texts, "hidden", "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(
            "of numbers or BOOL", "[texts, tokens]", "'m' is STRING[texts, tokens]", "Name the");
    Model echo = echo(DataType.FLOAT32, 2, 17, DataType.INT64);
    assertThatThrownBy(() -> EmbeddingOutput.of(echo, "hidden", "h")) // the vectors themselves
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("two dimensions", "'h' is FLOAT32[texts, tokens, 2]");
  }

  @Test
  void anOldOperatorSetIsRefusedWithTheRemedy() {
    Model old = echo(DataType.FLOAT32, 2, 8, DataType.INT64);
    assertThatThrownBy(() -> EmbeddingOutput.of(old, "hidden", "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("operator set 9 or newer", "but is of 8", "Export it again");
  }

  @Test
  void aMaskOfTruthValuesIsTaken() {
    Model model = EmbeddingOutput.of(echo(DataType.FLOAT32, 2, 17, DataType.BOOL), "hidden", "m");
    try (Session session = Session.open(model);
        Batch in =
            Batch.of(
                "h",
                Tensor.of(new float[] {3, 4, 9, 9}, 1, 2, 2),
                "m",
                Tensor.of(new boolean[] {true, false}, 1, 2));
        Batch out = session.run(in)) {
      assertThat(out.tensor(0).toFloatArray())
          .containsExactly(new float[] {0.6f, 0.8f}, within(1e-6f));
    }
  }

  @Test
  void whatIsNoSuchModelIsRefusedWithItsSignature() {
    Model echo = echo(DataType.FLOAT32, 2, 17, DataType.INT64);
    assertThatThrownBy(() -> EmbeddingOutput.of(echo, "h2", "m"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("'h2' is no output", "hidden");
    assertThatThrownBy(() -> EmbeddingOutput.of(echo, "hidden", "mask"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("'mask' is no input", "m INT64");
    Model twice = EmbeddingOutput.of(echo, "hidden", "m");
    assertThatThrownBy(() -> EmbeddingOutput.of(twice, EmbeddingOutput.NAME, "m"))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
