package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Table;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** What is promised to the last bit, and what is promised to be better than the published file. */
final class Exactness {
  private static final int BATCH = 32;
  private static final int TEXTS = 100;

  private final OpenVariants open;
  private final long[][] texts;

  Exactness(OpenVariants open, long[][] texts) {
    this.open = open;
    this.texts = texts;
  }

  /** Finds what it can with the variants that opened. */
  void tell(Answer answer, Variant base) {
    Optional<Variant> plain = open.variant("plain");
    if (plain.isPresent()) {
      answer.figure("run.minilm.different-texts", differentTexts(base, plain.get()));
    }
    Optional<Variant> fused = open.variant("fused");
    if (fused.isPresent()) {
      answer.figure("precision.minilm.fused.difference", largestDifference(base, fused.get()));
    }
    Optional<Variant> int8 = open.variant("int8");
    if (int8.isPresent()) {
      answer.figure("precision.minilm.int8.batch-dependent", batchDependentRows(int8.get()));
    }
  }

  /** The first so many; several at once, since nothing is timed here. */
  private Stream<long[]> texts(int count) {
    return Arrays.stream(texts, 0, count).parallel();
  }

  private float[] hidden(Variant variant, long[]... rows) {
    try (Batch inputs = TextModel.batch(rows)) {
      return open.run(variant, inputs);
    }
  }

  private int differentTexts(Variant one, Variant other) {
    return (int)
        texts(Math.min(TEXTS, texts.length))
            .filter(text -> !Arrays.equals(hidden(one, text), hidden(other, text)))
            .count();
  }

  private double largestDifference(Variant one, Variant other) {
    return texts(texts.length)
        .mapToDouble(text -> largestDifference(hidden(one, text), hidden(other, text)))
        .max()
        .orElse(0);
  }

  private static double largestDifference(float[] expected, float[] actual) {
    double largest = 0;
    for (int i = 0; i < expected.length; i++) {
      largest = Math.max(largest, Math.abs(actual[i] - expected[i]));
    }
    return largest;
  }

  /** Rows of padded batches whose bits are not those that the text has alone. */
  private int batchDependentRows(Variant variant) {
    return IntStream.range(0, texts.length / BATCH)
        .parallel()
        .map(
            batch -> {
              int from = batch * BATCH;
              return batchDependent(variant, Arrays.copyOfRange(texts, from, from + BATCH));
            })
        .sum();
  }

  private int batchDependent(Variant variant, long[][] rows) {
    int dependent = 0;
    float[] together = hidden(variant, rows);
    int stride = together.length / rows.length;
    for (int row = 0; row < rows.length; row++) {
      float[] alone = hidden(variant, rows[row]);
      int start = row * stride;
      float[] same = Arrays.copyOfRange(together, start, start + alone.length);
      dependent += Arrays.equals(alone, same) ? 0 : 1;
    }
    return dependent;
  }

  /**
   * How many of these columns, and of the size of the file, are better for the published file;
   * empty unless both have all of them.
   */
  static OptionalInt lost(Table table, String ours, String published, List<String> moreIsBetter) {
    int lost = 0;
    for (String column : moreIsBetter) {
      OptionalDouble mine = value(table, ours, column);
      OptionalDouble theirs = value(table, published, column);
      if (mine.isEmpty() || theirs.isEmpty()) {
        return OptionalInt.empty();
      }
      lost += theirs.getAsDouble() > mine.getAsDouble() ? 1 : 0;
    }
    OptionalDouble mine = value(table, ours, "file");
    OptionalDouble theirs = value(table, published, "file");
    if (mine.isEmpty() || theirs.isEmpty()) {
      return OptionalInt.empty();
    }
    return OptionalInt.of(lost + (theirs.getAsDouble() < mine.getAsDouble() ? 1 : 0));
  }

  private static OptionalDouble value(Table table, String label, String column) {
    return table.rows().stream()
        .filter(row -> row.label().equals(label))
        .flatMap(row -> Stream.ofNullable(row.cells().get(column)))
        .mapToDouble(cell -> cell.estimate().value())
        .filter(value -> !Double.isNaN(value))
        .findFirst();
  }
}
