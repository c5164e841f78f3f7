package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.benchmarks.question.Answer;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A model and the requests that many callers have for it.
 *
 * @param id its part of the ledger's ids
 * @param words what a reader calls it
 * @param model the model
 * @param requests of one row each
 * @param tolerance how far an answer may be from the one it would have alone
 */
public record Workload(String id, String words, Model model, List<Batch> requests, double tolerance)
    implements AutoCloseable {
  private static final int SHORTEST_QUERY = 8;
  private static final int LONGEST_QUERY = 16;

  /** So many requests to a network of these widths. */
  public static Workload gemm(String id, int count, int... widths) {
    GemmModel gemm = new GemmModel(widths);
    List<Batch> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requests.add(Batch.of("x", Tensor.of(gemm.row(i), 1, gemm.inputWidth())));
    }
    return new Workload(id, gemm.toString(), Model.load(gemm.bytes()), requests, 1e-3);
  }

  /** Queries of 8 to 16 tokens. */
  public static Workload shortTexts(int count) throws IOException {
    long[][] texts = TextModel.MINILM.tokens(Texts.mixed(64, 21));
    long[][] rows = new long[count][];
    for (int i = 0; i < count; i++) {
      int length = SHORTEST_QUERY + i % (LONGEST_QUERY - SHORTEST_QUERY + 1);
      rows[i] = TextModel.rowsOf(i % 16 + 1, length, texts)[i % 16];
    }
    return texts("minilm.short.fp32", "MiniLM FP32, queries of 8 to 16 tokens", rows);
  }

  /** Texts of mixed length. */
  public static Workload mixedTexts(int count) throws IOException {
    long[][] rows = TextModel.MINILM.tokens(Texts.mixed(count, 22));
    return texts("minilm.mixed.fp32", "MiniLM FP32, texts of mixed length", rows);
  }

  /** The first so many of the requests, which stay this one's. */
  Workload first(int count) {
    return new Workload(id, words, model, requests.subList(0, count), tolerance);
  }

  /** The same requests to the same model, made small; a text's id then ends in {@code int8}. */
  public Workload small(Path file) {
    return new Workload(
        id.replace("fp32", "int8"),
        words.replace("FP32", "INT8"),
        Model.load(file),
        requests,
        tolerance);
  }

  /** The file of MiniLM in INT8; null, and the answer told why, if it cannot be made. */
  static @Nullable Path smallFile(Answer answer) throws IOException {
    List<Batch> examples = TextModel.MINILM.examples();
    try {
      return SmallModels.file(
          "int8", TextModel.MINILM.model(), Precision.INT8, Form.AUTOMATIC, examples);
    } catch (RuntimeException e) {
      answer.failed("MiniLM INT8", e);
      return null;
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static Workload texts(String id, String words, long[][] rows) {
    List<Batch> requests = new ArrayList<>();
    for (long[] row : rows) {
      requests.add(TextModel.batch(new long[][] {row}));
    }
    return new Workload(id, words, TextModel.MINILM.model(), requests, 1e-2);
  }

  /** What the first output should be for each request. */
  public List<float[]> answers() {
    List<float[]> answers = new ArrayList<>();
    try (Session session = Session.open(model)) {
      for (Batch request : requests) {
        try (Batch output = session.run(request)) {
          answers.add(output.tensor(0).toFloatArray());
        }
      }
    }
    return answers;
  }

  /**
   * Compares what was computed with what it should be.
   *
   * @param request which one
   * @param expected its answer
   * @param actual where it lies among these values, from {@code from} on
   * @throws IllegalStateException if they differ by more than the tolerance
   */
  void check(int request, float[] expected, float[] actual, int from) {
    for (int i = 0; i < expected.length; i++) {
      float value = actual[from + i];
      if (!(Math.abs(value - expected[i]) <= tolerance * (1 + Math.abs(expected[i])))) {
        throw new IllegalStateException(
            "Request "
                + request
                + " should have "
                + expected[i]
                + " at "
                + i
                + ", but has "
                + value
                + ".");
      }
    }
  }

  /** A session in which each call uses so many threads. */
  public Session open(int threads) {
    return Session.open(model, SessionOptions.builder().threads(threads).build());
  }

  @Override
  public void close() {
    requests.forEach(Batch::close);
  }
}
