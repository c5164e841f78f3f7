package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.benchmarks.inputs.Lines;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** What precision buys convolutional nets: reading lines of text, and telling which way is up. */
public final class LinePrecision implements Question {
  private static final int AT_ONCE = 10;
  private static final int COMPARED = 32;

  @Override
  public String id() {
    return "ocr";
  }

  @Override
  public String words() {
    return "What does precision buy convolutional nets, and what does it cost? (PP-OCR, one thread)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 48, 240);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    try {
      Lines.drawn(List.of("A"), Lines.READ_WIDTH, false).close();
    } catch (RuntimeException | Error e) { // which of them differs between versions of the JDK
      answer.failed("PP-OCR, drawing a line in a font of this Java", e);
      return;
    }
    int count = effort.pick(10, 500, 500);
    int harder = effort.pick(10, 100, 500);
    answer.note(
        count
            + " lines of words and numbers are drawn to find what is told right, and "
            + harder
            + " of random letters and digits, which are harder to read. Cosines and what follows"
            + " them compare all that recognition gives for a line, of "
            + COMPARED
            + " of the latter.");
    Task reading = new Task("rec", "PP-OCRv3 recognition", Lines.recognition(), Lines.READ_WIDTH);
    Task turning = new Task("cls", "PP-OCR orientation", Lines.orientation(), Lines.TURN_WIDTH);
    for (Task task : List.of(reading, turning)) {
      int lines = effort.pick(8, 64, 128);
      List<Batch> examples = Lines.examples(lines, task.width, task.turned());
      List<Variant> variants = new ArrayList<>();
      variants.add(Variant.base(task.model));
      variants.add(Variant.plain("Hone: FP32 file", task.model));
      if (effort != Effort.SMOKE) {
        variants.add(
            Variant.small(
                "int8", "Hone: INT8", task.model, Precision.INT8, Form.AUTOMATIC, examples));
      }
      try (OpenVariants open = new OpenVariants(variants, 1, answer)) {
        Table table = answer.add(task.table());
        speed(answer, open, table, task, 1, effort);
        speed(answer, open, table, task, 8, effort);
        Progress.say("accuracy of " + task.words);
        accuracy(answer, open, table, task, Lines.texts(count, 3));
        if (!task.turned()) {
          fidelity(open, table, task, Lines.letters(effort == Effort.SMOKE ? 4 : COMPARED, 3));
        }
        letters(open, table, task, Lines.letters(harder, 3));
      }
      examples.forEach(Batch::close);
    }
  }

  /** One of the two models and what it is for. */
  private record Task(String id, String words, Model model, int width) {
    boolean turned() {
      return id.equals("cls");
    }

    Batch drawn(List<String> texts) {
      return Lines.drawn(texts, width, turned());
    }

    Table table() {
      List<Column> columns =
          new ArrayList<>(
              List.of(
                  Column.higher("speed against FP32, 1 line", "x").asBars(),
                  Column.higher("speed against FP32, 8 lines at once", "x").asBars(),
                  Column.higher("right", "%"),
                  Column.higher("random letters right", "%"),
                  Column.lower("file", "MB")));
      if (!turned()) { // two outputs, of which one is 1 less the other, say no more than the label
        columns.addAll(Fidelity.COLUMNS);
      }
      return new Table(words, columns.toArray(Column[]::new));
    }

    String figure(int lines) {
      return turned() ? "precision.cls.speed" : "precision.rec.int8." + lines;
    }
  }

  private static void speed(
      Answer answer, OpenVariants open, Table table, Task task, int lines, Effort effort)
      throws IOException {
    String column =
        lines == 1 ? "speed against FP32, 1 line" : "speed against FP32, 8 lines at once";
    Progress.say(task.words + ", " + column);
    Samples samples;
    try (Batch inputs = task.drawn(Lines.texts(lines, 9))) {
      samples = open.speeds(inputs, effort);
    }
    samples.failures().forEach(answer::missing);
    for (Variant variant : open.variants()) {
      if (samples.has(variant.name(), Variant.BASE)) {
        Table.Row row = table.row(variant.name(), variant.side());
        row.set(column, samples.speedAgainst(variant.name(), Variant.BASE));
        row.set("file", variant.megabytes());
      }
      if (variant.id().equals("int8") && (lines == 1 || !task.turned())) {
        answer.speed(task.figure(lines), samples, variant.name(), Variant.BASE);
      }
    }
  }

  private static void accuracy(
      Answer answer, OpenVariants open, Table table, Task task, List<String> texts)
      throws IOException {
    boolean[] base = {};
    for (Variant variant : open.variants()) {
      boolean[] right = right(open, variant, task, texts);
      base = variant.isBase() ? right : base;
      int kept = 0;
      int wanted = 0;
      for (int i = 0; i < right.length; i++) {
        wanted += i < base.length && base[i] ? 1 : 0;
        kept += i < base.length && base[i] && right[i] ? 1 : 0;
      }
      table.row(variant.name(), variant.side()).set("right", percent(right));
      if (!variant.id().equals("int8") || wanted == 0) {
        continue;
      }
      double percentKept = 100.0 * kept / wanted;
      if (task.turned()) {
        answer.figure("precision.cls.labels", percentKept);
      } else {
        answer.figure("precision.rec.int8.kept", percentKept);
        double full = open.variants().get(0).megabytes();
        answer.figure("precision.rec.int8.file", 100 * variant.megabytes() / full);
      }
    }
  }

  private static void letters(OpenVariants open, Table table, Task task, List<String> letters)
      throws IOException {
    for (Variant variant : open.variants()) {
      table
          .row(variant.name(), variant.side())
          .set("random letters right", percent(right(open, variant, task, letters)));
    }
  }

  /** Compares the probabilities of all characters at all places of each line. */
  private static void fidelity(OpenVariants open, Table table, Task task, List<String> letters) {
    float[][] reference = {};
    try (Batch inputs = task.drawn(letters)) {
      for (Variant variant : open.variants()) {
        float[][] vectors = Fidelity.unitRows(open.run(variant, inputs), letters.size());
        reference = variant.isBase() ? vectors : reference;
        if (reference.length > 0) {
          Fidelity.of(reference, vectors).enterInto(table.row(variant.name(), variant.side()));
        }
      }
    }
  }

  private static double percent(boolean[] right) {
    int rightly = 0;
    for (boolean one : right) {
      rightly += one ? 1 : 0;
    }
    return 100.0 * rightly / right.length;
  }

  private static boolean[] right(OpenVariants open, Variant variant, Task task, List<String> texts)
      throws IOException {
    Lines lines = new Lines();
    boolean[] right = new boolean[texts.size()];
    IntStream.range(0, (texts.size() + AT_ONCE - 1) / AT_ONCE)
        .parallel() // nothing is timed here
        .forEach(
            part -> {
              int from = part * AT_ONCE;
              List<String> some = texts.subList(from, Math.min(from + AT_ONCE, texts.size()));
              try (Batch inputs = task.drawn(some)) {
                float[] output = open.run(variant, inputs);
                List<String> read = task.turned() ? List.of() : lines.read(output, some.size());
                for (int i = 0; i < some.size(); i++) {
                  right[from + i] =
                      task.turned()
                          ? Lines.likeliest(output, i, 2) == i % 2
                          : read.get(i).equals(some.get(i));
                }
              }
            });
    return right;
  }
}
