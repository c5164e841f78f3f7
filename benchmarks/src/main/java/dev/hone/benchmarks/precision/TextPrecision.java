package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What precision buys a model for texts: speed, and beside it what it costs in fidelity. */
public final class TextPrecision implements Question {
  private static final int CHECK_TEXTS = 300;

  private final TextModel model;

  /** About this model. */
  public TextPrecision(TextModel model) {
    this.model = model;
  }

  @Override
  public String id() {
    return model.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String words() {
    return "What does precision buy " + model.words() + ", and what does it cost?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, model == TextModel.MINILM ? 70 : 55, 600);
  }

  /**
   * A shape of input.
   *
   * @param id its part of the ledger's ids
   * @param rows texts at once
   * @param length tokens of each
   */
  private record Size(String id, int rows, int length) {
    String column() {
      return "speed against FP32, "
          + rows
          + (rows == 1 ? " text of " : " texts of ")
          + length
          + " tokens";
    }
  }

  private static final List<Size> SIZES =
      List.of(new Size("8x128", 8, 128), new Size("8x32", 8, 32), new Size("1x16", 1, 16));

  @Override
  public void ask(Effort effort, Answer answer) throws Exception {
    boolean smoke = effort == Effort.SMOKE;
    long[][] checks = model.checks(smoke ? 8 : CHECK_TEXTS);
    List<Batch> examples = smoke ? List.of() : model.examples();
    List<Variant> variants = TextVariants.of(model, examples, effort);
    answer.note(Texts.source() + " Speed is measured with texts cut to one length.");

    measure(variants, checks, effort, answer);
    examples.forEach(Batch::close);
  }

  private void measure(List<Variant> variants, long[][] checks, Effort effort, Answer answer)
      throws IOException {
    boolean smoke = effort == Effort.SMOKE;
    for (int threads = 1; threads <= (effort == Effort.FULL ? 2 : 1); threads++) {
      try (OpenVariants open = new OpenVariants(variants, threads, answer)) {
        Table table = answer.add(table(threads));
        for (Size size : smoke ? SIZES.subList(2, 3) : SIZES) {
          Progress.say(size.column() + ", threads: " + threads);
          speed(answer, open, table, size, checks, effort, threads == 1);
        }
        if (threads == 1) {
          Progress.say("fidelity");
          fidelity(answer, open, table, checks);
          if (model == TextModel.MINILM) {
            exactness(answer, open, table, checks);
          }
        }
      }
    }
  }

  private Table table(int threads) {
    String title = model.words() + ", " + threads + (threads == 1 ? " thread" : " threads");
    List<Column> columns = new ArrayList<>();
    SIZES.forEach(size -> columns.add(Column.higher(size.column(), "x").asBars()));
    if (threads == 1) {
      columns.addAll(Fidelity.COLUMNS);
      columns.add(Column.lower("file", "MB"));
    }
    Table table = new Table(title, columns.toArray(Column[]::new));
    String trade = model.words() + ": speed against fidelity";
    return threads == 1 ? table.drawnAs(trade, SIZES.get(0).column(), "mean cosine") : table;
  }

  private void speed(
      Answer answer,
      OpenVariants open,
      Table table,
      Size size,
      long[][] tokens,
      Effort effort,
      boolean figures) {
    Samples samples;
    try (Batch inputs = TextModel.batch(TextModel.rowsOf(size.rows(), size.length(), tokens))) {
      samples = open.speeds(inputs, effort);
    }
    samples.failures().forEach(answer::missing);
    for (Variant variant : open.variants()) {
      if (samples.has(variant.name(), Variant.BASE)) {
        table
            .row(variant.name(), variant.side())
            .set(size.column(), samples.speedAgainst(variant.name(), Variant.BASE));
      }
      if (figures && hasFigures(variant)) {
        String id = "precision." + id() + "." + variant.id() + "." + size.id();
        answer.speed(id, samples, variant.name(), Variant.BASE);
      }
    }
  }

  private boolean hasFigures(Variant variant) {
    List<String> known =
        model == TextModel.MINILM ? List.of("int8", "fastest", "fused") : List.of("int8");
    return known.contains(variant.id());
  }

  private void fidelity(Answer answer, OpenVariants open, Table table, long[][] checks)
      throws IOException {
    Map<Variant, Fidelity> all = new LinkedHashMap<>();
    float[][] reference = {};
    for (Variant variant : open.variants()) {
      float[][] vectors = open.vectors(model, variant, checks);
      reference = variant.isBase() ? vectors : reference;
      if (reference.length > 0) {
        Fidelity fidelity = Fidelity.of(reference, vectors);
        all.put(variant, fidelity);
        Table.Row row = table.row(variant.name(), variant.side());
        fidelity.enterInto(row);
        row.set("file", variant.megabytes());
      }
    }
    for (Map.Entry<Variant, Fidelity> entry : all.entrySet()) {
      figures(answer, entry.getKey(), entry.getValue());
    }
  }

  private static void exactness(Answer answer, OpenVariants open, Table table, long[][] checks) {
    Variant first = open.variants().get(0);
    if (first.isBase()) {
      new Exactness(open, checks).tell(answer, first);
    }
    open.variant("int8")
        .ifPresent(
            int8 -> {
              List<String> columns = new ArrayList<>(SIZES.stream().map(Size::column).toList());
              columns.addAll(
                  List.of(
                      "mean cosine",
                      "cosine, 1st percentile",
                      "Spearman",
                      "same nearest neighbour"));
              Exactness.lost(table, int8.name(), TextVariants.PUBLISHED, columns)
                  .ifPresent(
                      lost -> answer.figure("precision.minilm.int8.lost-to-published", lost));
            });
  }

  private void figures(Answer answer, Variant variant, Fidelity fidelity) throws IOException {
    String id = "precision." + id() + "." + variant.id() + ".";
    switch (variant.id()) {
      case "int8" -> {
        answer.figure(id + "cosine", fidelity.meanCosine());
        answer.figure(id + "cosine-p1", fidelity.firstPercentile());
        answer.figure(id + "spearman", fidelity.spearman());
        answer.figure(id + "neighbour", fidelity.neighbour());
        if (model == TextModel.MINILM) {
          answer.figure(id + "file", variant.megabytes());
        }
      }
      case "fastest", "weight-only", "int4" -> {
        if (model == TextModel.MINILM) {
          answer.figure(id + "cosine", fidelity.meanCosine());
        }
      }
      default -> {}
    }
  }
}
