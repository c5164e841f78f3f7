package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.Digits;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.inputs.Lines;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.benchmarks.question.Answer;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
    return texts(
        "minilm.short.fp32", TextModel.MINILM, "MiniLM FP32, queries of 8 to 16 tokens", rows);
  }

  /** Texts of mixed length. */
  public static Workload mixedTexts(TextModel model, int count) throws IOException {
    String id = model.name().toLowerCase(Locale.ROOT) + ".mixed.fp32";
    long[][] rows = model.tokens(Texts.mixed(count, 22));
    return texts(id, model, model.words() + " FP32, texts of mixed length", rows);
  }

  /** Lines to be read, drawn as long as they are: from a short word to five. */
  static Workload lines(int count) {
    List<Batch> requests = Lines.mixed(count, 23).stream().map(Lines::drawn).toList();
    String words = "PP-OCR recognition FP32, lines of mixed length";
    return new Workload("rec.fp32", words, Lines.recognition(), requests, 1e-2);
  }

  /** Lines of which every second one stands on its head. */
  static Workload turnedLines(int count) {
    List<Batch> requests = new ArrayList<>();
    try (Batch all = Lines.drawn(Lines.texts(count, 24), Lines.TURN_WIDTH, true)) {
      for (int i = 0; i < count; i++) {
        requests.add(all.slice(i, i + 1));
      }
    }
    String words = "PP-OCR orientation FP32";
    return new Workload("cls.fp32", words, Lines.orientation(), requests, 1e-2);
  }

  /** Handwritten digits, one by one, again and again. */
  static Workload digits(int count) throws IOException {
    Digits digits = new Digits();
    List<Batch> requests = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int row = i % digits.count();
      requests.add(digits.rows(row, row + 1));
    }
    return new Workload(
        "digits", "Handwritten digits, two layers of Gemm", Digits.model(), requests, 1e-3);
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

  /** The file of a text model in INT8; null, and the answer told why, if it cannot be made. */
  static @Nullable Path smallFile(TextModel model, Answer answer) throws IOException {
    return smallFile(model.words() + " INT8", model.model(), model.examples(), answer);
  }

  /** The same of any model. Closes the examples. */
  static @Nullable Path smallFile(String words, Model model, List<Batch> examples, Answer answer)
      throws IOException {
    try {
      return SmallModels.file("int8", model, Precision.INT8, Form.AUTOMATIC, examples);
    } catch (RuntimeException e) {
      answer.failed(words, e);
      return null;
    } finally {
      examples.forEach(Batch::close);
    }
  }

  private static Workload texts(String id, TextModel model, String words, long[][] rows) {
    List<Batch> requests = new ArrayList<>();
    for (long[] row : rows) {
      requests.add(TextModel.batch(new long[][] {row}));
    }
    return new Workload(id, words, model.model(), requests, 1e-2);
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
