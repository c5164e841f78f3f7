package dev.hone.benchmarks.precision;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.Digits;
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
    return "How close do weights of 4 bits stay, by how their scales are found? (MiniLM)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(1, 12, 12);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    boolean smoke = effort == Effort.SMOKE;
    Model model = smoke ? Digits.model() : TextModel.MINILM.model();
    List<Batch> examples = smoke ? List.of(new Digits().rows(0, 100)) : TextModel.MINILM.examples();
    try {
      Map<String, Double> plain = decibels(model, Blocks.ROUND_TO_NEAREST, examples);
      Table table =
          answer.add(
              new Table(
                  "Weights of 4 bits, against rounding to the nearest; by matrix",
                  Column.lower(ERROR, "x")));
      table.row("round to nearest", Side.OURS).set(ERROR, 1);
      double[] searched = errors(decibels(model, Blocks.K_QUANT, examples), plain);
      table.row("k-quant", Side.OURS).set(ERROR, searched);
      table
          .row("half-quadratic (HQQ)", Side.OURS)
          .set(ERROR, errors(decibels(model, Blocks.HALF_QUADRATIC, examples), plain));
      answer.figure("precision.int4.error", searched);
    } finally {
      examples.forEach(Batch::close);
    }
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
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT4)
            .calibration(examples)
            .runtime(OnnxOptions.builder().quantization(how).build())
            .build();
    Map<String, Double> decibels = new LinkedHashMap<>();
    for (Node node : Quantizer.quantize(model, options).report().nodes()) {
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
