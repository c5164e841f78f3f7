package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.Digits;
import dev.hone.benchmarks.inputs.Matrix;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.Quantization.Blocks;
import dev.hone.onnx.QuantizationReport.Node;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How close weights of 4 bits stay, by the way in which their scales are found. */
public final class BlockPrecision implements AskedOnce {
  private static final String ERROR = "squared error of the weights";
  private static final String FORM = "WEIGHT_INT4";

  @Override
  public String id() {
    return "int4";
  }

  @Override
  public String words() {
    return "How close do weights of 4 bits stay, by how their scales are found?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(1, 12, 20);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    boolean smoke = effort == Effort.SMOKE;
    Model model = smoke ? Digits.model() : TextModel.MINILM.model();
    List<Batch> examples = smoke ? List.of(new Digits().rows(0, 100)) : TextModel.MINILM.examples();
    try {
      inPlace(model, examples, effort, answer);
    } finally {
      examples.forEach(Batch::close);
    }
    List<Matrix> outliers = Matrix.gaussianWithOutliers(5, smoke ? 64 : 512);
    double[] errors =
        alone(outliers, "Weights of 4 bits: Gaussian with outliers", answer).searched();
    answer.figure("precision.int4.error.outliers", errors);
    answer.note("Weights with outliers: " + Matrix.OUTLIERS_IN_WORDS + ".");
    List<Matrix> matrices = smoke ? outliers : TextModel.MINILM.weights();
    Alone alone = alone(matrices, "Weights of 4 bits: each product of MiniLM by itself", answer);
    answer.figure("precision.int4.error.symmetric", ratios(alone.searched(), alone.aroundZero()));
  }

  /** Compares the ways on a model as it is. */
  private static void inPlace(Model model, List<Batch> examples, Effort effort, Answer answer) {
    Map<String, Double> plain = decibels(model, Blocks.ROUND_TO_NEAREST, examples);
    Table table =
        answer.add(
            new Table(
                "Weights of 4 bits, against rounding to the nearest; by matrix",
                Column.lower(ERROR, "x")));
    table.row("round to nearest", Side.OURS).set(ERROR, 1);
    double[] searched = errors(decibels(model, Blocks.K_QUANT, examples), plain);
    table.row("k-quant", Side.OURS).set(ERROR, searched);
    if (effort != Effort.SHORT) { // it takes as long as all else and has no figure
      table
          .row("half-quadratic (HQQ)", Side.OURS)
          .set(ERROR, errors(decibels(model, Blocks.HALF_QUADRATIC, examples), plain));
    }
    answer.figure("precision.int4.error", searched);
  }

  /** Errors of matrices, as multiples of that of rounding to the nearest. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Alone(double[] searched, double[] aroundZero) {}

  /** Compares the ways on matrices of products that stand alone. */
  private static Alone alone(List<Matrix> matrices, String title, Answer answer) {
    Model model = Model.load(Matrix.model(matrices));
    Map<String, Double> plain = decibels(model, Blocks.ROUND_TO_NEAREST, List.of());
    Map<String, Double> around = new LinkedHashMap<>();
    matrices.forEach(matrix -> around.put(matrix.name(), matrix.decibelsRoundedAroundZero()));
    around.keySet().retainAll(plain.keySet());
    double[] searched = errors(decibels(model, Blocks.K_QUANT, List.of()), plain);
    double[] aroundZero = errors(around, plain);
    Table table = answer.add(new Table(title, Column.lower(ERROR, "x")));
    table.row("round to nearest", Side.OURS).set(ERROR, 1);
    table
        .row("round to nearest around 0, as ONNX Runtime's tool", Side.THEIRS)
        .set(ERROR, aroundZero);
    table.row("k-quant", Side.OURS).set(ERROR, searched);
    return new Alone(searched, aroundZero);
  }

  private static double[] ratios(double[] values, double[] others) {
    double[] ratios = new double[values.length];
    Arrays.setAll(ratios, i -> values[i] / others[i]);
    return ratios;
  }

  /** The signal-to-noise ratio of each matrix that got 4 bits. */
  private static Map<String, Double> decibels(Model model, Blocks blocks, List<Batch> examples) {
    Progress.say("weights of 4 bits, " + blocks);
    Quantization how =
        Quantization.builder()
            .blocks(blocks)
            .cacheBytes(0)
            .evenIfWorse(true)
            .evenIfSlower(true)
            .build();
    SessionOptions.Builder options =
        SessionOptions.builder()
            .precision(Precision.INT4)
            .runtime(OnnxOptions.builder().quantization(how).build());
    if (!examples.isEmpty()) {
      options.calibration(examples);
    }
    Map<String, Double> decibels = new LinkedHashMap<>();
    for (Node node : Quantizer.quantize(model, options.build()).report().nodes()) {
      if (node.form().equals(FORM)) {
        decibels.put(node.name(), node.weightDecibels());
      }
    }
    return decibels;
  }

  /** The error of each matrix as a multiple of the other's, where both have it in 4 bits. */
  private static double[] errors(Map<String, Double> decibels, Map<String, Double> others) {
    double[] errors =
        decibels.keySet().stream()
            .filter(others::containsKey)
            .mapToDouble(
                name ->
                    Math.pow(
                        10,
                        (others.getOrDefault(name, 0.0) - decibels.getOrDefault(name, 0.0)) / 10))
            .toArray();
    if (errors.length == 0) {
      throw new IllegalStateException("No matrix has 4 bits both ways.");
    }
    return errors;
  }
}
