package dev.hone.examples;

import ai.djl.huggingface.tokenizers.Encoding;
import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.IntStream;

/**
 * Finds sentences by what they mean. A transformer, all-MiniLM-L6-v2, turns each text into a vector
 * of 384 numbers; texts of like meaning get vectors that point the same way.
 *
 * <p>For a text of n tokens the model gives n vectors. Their mean, brought to length 1, is the
 * vector of the text, so that the product of two vectors is the cosine of the angle between them.
 */
public final class SemanticSearch implements AutoCloseable {
  private static final String DEFAULT_QUERY = "animals that find their way home";
  private static final int ROWS_PER_BATCH = 32;

  private final Session session;
  private final HuggingFaceTokenizer tokenizer;

  private SemanticSearch(Session session, HuggingFaceTokenizer tokenizer) {
    this.session = session;
    this.tokenizer = tokenizer;
  }

  /** Searches the sentences that ship with this program for the words of the command line. */
  public static void main(String... args) throws IOException {
    String words = String.join(" ", args).strip();
    String query = words.isEmpty() ? DEFAULT_QUERY : words;
    List<String> sentences = sentences();

    long opening = System.nanoTime();
    try (SemanticSearch search = open()) {
      print(
          "Opened all-MiniLM-L6-v2 in %.1f s: %s", secondsSince(opening), search.session.report());

      long embedding = System.nanoTime();
      float[][] vectors = search.embed(sentences);
      double seconds = secondsSince(embedding);
      print(
          "Read %d sentences in %.1f s, %.0f in a second.",
          sentences.size(), seconds, sentences.size() / seconds);

      print("%nNearest to \"%s\":", query);
      float[] wanted = search.embed(List.of(query))[0];
      IntStream.range(0, sentences.size())
          .mapToObj(i -> new Match(sentences.get(i), dot(vectors[i], wanted)))
          .sorted(Comparator.comparingDouble(Match::score).reversed())
          .limit(5)
          .forEach(match -> print("  %.2f  %s", match.score(), match.sentence()));
    }
  }

  private record Match(String sentence, double score) {}

  /** Opens the model and its tokenizer, both from the class path. */
  static SemanticSearch open() throws IOException {
    HuggingFaceTokenizer tokenizer = openTokenizer();
    return new SemanticSearch(Session.open(loadModel()), tokenizer);
  }

  /** The model, from the class path. */
  public static Model loadModel() {
    return Model.loadResource(SemanticSearch.class, "/all-minilm-l6-v2.onnx");
  }

  static HuggingFaceTokenizer openTokenizer() throws IOException {
    try (InputStream json = resource("/all-minilm-l6-v2-tokenizer.json")) {
      return HuggingFaceTokenizer.newInstance(json, Map.of("padding", "false"));
    }
  }

  /** The vector of each text. */
  float[][] embed(List<String> texts) {
    Encoding[] tokens = tokenizer.batchEncode(texts);
    // Texts of like length share a batch, so that little time goes into padding.
    List<Integer> byLength =
        IntStream.range(0, texts.size())
            .boxed()
            .sorted(Comparator.comparingInt(i -> tokens[i].getIds().length))
            .toList();

    float[][] vectors = new float[texts.size()][];
    for (int from = 0; from < texts.size(); from += ROWS_PER_BATCH) {
      List<Integer> rows = byLength.subList(from, Math.min(from + ROWS_PER_BATCH, texts.size()));
      try (Batch input = batch(rows.stream().map(row -> tokens[row]).toList());
          Batch output = session.run(input)) {
        float[][] hidden = output.get("last_hidden_state").toFloatMatrix();
        for (int i = 0; i < hidden.length; i++) {
          int row = rows.get(i);
          vectors[row] = normalizedMean(hidden[i], tokens[row].getIds().length);
        }
      }
    }
    return vectors;
  }

  /** What the model takes for texts, padded to the longest. */
  static Batch batch(List<Encoding> tokens) {
    return Batch.of(
        "input_ids", padded(tokens, Encoding::getIds),
        "attention_mask", padded(tokens, Encoding::getAttentionMask),
        "token_type_ids", padded(tokens, Encoding::getTypeIds));
  }

  private static Tensor padded(List<Encoding> tokens, Function<Encoding, long[]> part) {
    return Tensor.of(Batch.pad(tokens.stream().map(part).toArray(long[][]::new), 0));
  }

  /** The mean of the first {@code count} vectors of a row, leaving out its padding; of length 1. */
  private static float[] normalizedMean(float[] hidden, int count) {
    float[] vector = new float[384];
    for (int i = 0; i < count * vector.length; i++) {
      vector[i % vector.length] += hidden[i];
    }
    float length = (float) Math.sqrt(dot(vector, vector)); // dividing by count would cancel out
    for (int i = 0; i < vector.length; i++) {
      vector[i] /= length;
    }
    return vector;
  }

  static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  static List<String> sentences() throws IOException {
    try (InputStream text = resource("sentences.txt")) {
      return new String(text.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.isBlank())
          .toList();
    }
  }

  /**
   * Each sentence as the inputs of the model: examples to quantize with. The caller closes them.
   */
  public static List<Batch> sentencesAsInputs() throws IOException {
    try (HuggingFaceTokenizer tokenizer = openTokenizer()) {
      return sentences().stream().map(s -> batch(List.of(tokenizer.encode(s)))).toList();
    }
  }

  private static InputStream resource(String name) {
    return Objects.requireNonNull(SemanticSearch.class.getResourceAsStream(name), name);
  }

  private static double secondsSince(long startNanos) {
    return (System.nanoTime() - startNanos) / 1e9;
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }

  @Override
  public void close() {
    session.close();
    tokenizer.close();
  }
}
