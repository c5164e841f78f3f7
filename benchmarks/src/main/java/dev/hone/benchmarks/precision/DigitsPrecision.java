package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.benchmarks.inputs.Digits;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.examples.Tabular;
import dev.hone.onnx.Quantization.Form;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** What precision costs a small classifier of Gemm. */
public final class DigitsPrecision implements Question {
  private static final int CALIBRATION_ROWS = 200;
  private static final String SPEED = "speed against FP32, 500 rows at once";

  @Override
  public String id() {
    return "digits";
  }

  @Override
  public String words() {
    return "What does precision cost a small classifier? (handwritten digits, two layers of Gemm)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(1, 6, 30);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    Digits digits = new Digits();
    Model model = Digits.model();
    List<Variant> variants = new ArrayList<>();
    variants.add(Variant.base(model));
    variants.add(Variant.plain("Hone: FP32 file", model));
    try (Batch examples = digits.rows(0, CALIBRATION_ROWS)) {
      List<Batch> calibration = List.of(examples);
      if (effort != Effort.SMOKE) {
        variants.add(
            Variant.small(
                "int8", "Hone: INT8", model, Precision.INT8, Form.AUTOMATIC, calibration));
        variants.add(
            Variant.small(
                "int4", "Hone: INT4", model, Precision.INT4, Form.AUTOMATIC, calibration));
      }
      try (OpenVariants open = new OpenVariants(variants, 1, answer)) {
        compare(open, digits, effort, answer);
      }
    }
  }

  private static void compare(OpenVariants open, Digits digits, Effort effort, Answer answer) {
    List<Column> columns =
        new ArrayList<>(
            List.of(Column.higher("told right", "%"), Column.higher(SPEED, "x").asBars()));
    columns.addAll(Fidelity.COLUMNS);
    Table table = answer.add(new Table("Handwritten digits", columns.toArray(Column[]::new)));
    int rows = digits.count() - Tabular.FIRST_UNSEEN_ROW;
    try (Batch inputs = digits.rows(Tabular.FIRST_UNSEEN_ROW, digits.count())) {
      Samples samples = open.speeds(inputs, effort);
      samples.failures().forEach(answer::missing);
      double base = Double.NaN;
      float[][] reference = {};
      for (Variant variant : open.variants()) {
        float[] outputs = open.run(variant, inputs);
        float[][] vectors = Fidelity.unitRows(outputs, rows);
        double right = digits.percentRight(outputs, Tabular.FIRST_UNSEEN_ROW);
        base = variant.isBase() ? right : base;
        reference = variant.isBase() ? vectors : reference;
        Table.Row row = table.row(variant.name(), variant.side()).set("told right", right);
        if (samples.has(variant.name(), Variant.BASE)) {
          row.set(SPEED, samples.speedAgainst(variant.name(), Variant.BASE));
        }
        if (reference.length > 0) {
          Fidelity.of(reference, vectors).enterInto(row);
        }
        if (variant.id().startsWith("int") && !Double.isNaN(base)) {
          answer.figure("precision.digits." + variant.id() + ".loss", base - right);
        }
      }
    }
  }
}
