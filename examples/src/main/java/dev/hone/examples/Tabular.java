package dev.hone.examples;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;

/**
 * Classifies rows of a table in three ways: one by one, one by one into the same memory, and all at
 * once. A row is a handwritten digit: 64 grey values from 0 to 16.
 *
 * <p>The model, a network of two layers with the inputs {@code pixels FLOAT32[rows, 64]}, has the
 * outputs {@code probabilities FLOAT32[rows, 10]} and {@code digit INT64[rows]}.
 */
public final class Tabular {
  /** The model learned from the rows before this one, so the others show what it is worth. */
  public static final int FIRST_UNSEEN_ROW = 1297;

  private Tabular() {}

  /** Classifies, counts what is right, and measures. */
  public static void main(String... args) throws IOException {
    List<Digit> digits = digits();
    List<Digit> unseen = digits.subList(FIRST_UNSEEN_ROW, digits.size());
    float[][] rows = unseen.stream().map(Digit::pixels).toArray(float[][]::new);
    long[] labels = unseen.stream().mapToLong(Digit::label).toArray();

    try (Session session = open()) {
      print("%d handwritten digits that the model has not seen. The first:%n", rows.length);
      print("%s%n", picture(rows[0]));
      print("%-29s %6s  %15s", "", "right", "rows per second");
      report("row by row", labels, () -> oneByOne(session, rows));
      report("row by row, memory reused", labels, () -> oneByOneReusing(session, rows));
      report("all rows as one batch", labels, () -> allAtOnce(session, rows));
    }
  }

  static Session open() {
    return Session.open(Model.loadResource(Tabular.class, "digits.onnx"));
  }

  /** The simplest way: a batch of one row in, a batch of one row out. */
  static long[] oneByOne(Session session, float[][] rows) {
    long[] read = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      try (Batch input = Batch.of("pixels", Tensor.of(rows[i], 1, 64));
          Batch output = session.run(input)) {
        read[i] = output.get("digit").toLongArray()[0];
      }
    }
    return read;
  }

  /** Input and output are allocated once; only the wanted output is computed. */
  static long[] oneByOneReusing(Session session, float[][] rows) {
    long[] read = new long[rows.length];
    try (Tensor pixels = Tensor.allocate(DataType.FLOAT32, Shape.of(1, 64));
        Tensor digit = Tensor.allocate(DataType.INT64, Shape.of(1));
        Batch input = Batch.of("pixels", pixels);
        Batch output = Batch.of("digit", digit)) {
      for (int i = 0; i < rows.length; i++) {
        pixels.copyFrom(rows[i]);
        session.run(input, output);
        read[i] = digit.toLongArray()[0];
      }
    }
    return read;
  }

  /** One call for all rows. */
  static long[] allAtOnce(Session session, float[][] rows) {
    try (Batch input = Batch.of("pixels", Tensor.of(rows));
        Batch output = session.run(input)) {
      return output.get("digit").toLongArray();
    }
  }

  private static void report(String way, long[] labels, Supplier<long[]> classify) {
    long[] read = classify.get();
    long right = IntStream.range(0, labels.length).filter(i -> read[i] == labels[i]).count();

    long rows = 0;
    long startNanos = System.nanoTime();
    double seconds = 0;
    while (seconds < 1) {
      rows += classify.get().length;
      seconds = (System.nanoTime() - startNanos) / 1e9;
    }
    print("%-29s %5.1f%%  %,15.0f", way, 100.0 * right / labels.length, rows / seconds);
  }

  /**
   * One row of the table.
   *
   * @param pixels 64 grey values from 0 to 16
   * @param label the digit that was written
   */
  @SuppressWarnings("ArrayRecordComponent") // never compared
  public record Digit(float[] pixels, long label) {}

  /** The table that ships with this program: 64 grey values and a label in each line. */
  public static List<Digit> digits() throws IOException {
    var file = Objects.requireNonNull(Tabular.class.getResourceAsStream("digits.csv.gz"));
    try (var text =
        new BufferedReader(
            new InputStreamReader(new GZIPInputStream(file), StandardCharsets.US_ASCII))) {
      return text.lines().map(Tabular::digit).toList();
    }
  }

  private static Digit digit(String line) {
    int[] values = Arrays.stream(line.split(",", -1)).mapToInt(Integer::parseInt).toArray();
    float[] pixels = new float[64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = values[i];
    }
    return new Digit(pixels, values[64]);
  }

  private static String picture(float[] pixels) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < pixels.length; i++) {
      String ink = " .:+#".substring((int) pixels[i] / 4, (int) pixels[i] / 4 + 1);
      text.append(i % 8 == 0 && i > 0 ? "\n" : "").append(ink).append(ink);
    }
    return text.toString().indent(4).stripTrailing();
  }

  private static void print(String format, Object... values) {
    System.out.println(String.format(Locale.ROOT, format, values));
  }
}
