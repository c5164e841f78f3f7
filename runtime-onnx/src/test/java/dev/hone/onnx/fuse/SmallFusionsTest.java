package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Signature.Dimension;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Normalization, Gelu, sums and embeddings, each alone. */
class SmallFusionsTest {
  private static final int WIDTH = Block.WIDTH;

  private final Exporter e = new Exporter(14);
  private final String x = e.input("x", DataType.FLOAT32, "batch", "sequence", WIDTH);

  SmallFusionsTest() {
    e.input("attention_mask", DataType.INT64, "batch", "sequence");
  }

  private FusionReport fused(String output, FusionOptions options, double tolerance) {
    e.output(output);
    ModelData original = Answers.lifted(e.model());
    ModelData fused = original.copy();
    FusionReport report = Fusions.apply(fused, options);
    if (report.isEmpty()) {
      assertThat(ModelRuns.bytes(fused)).isEqualTo(ModelRuns.bytes(original));
    }
    try (Batch in = Block.input(3, 5)) {
      float[] wanted = ModelRuns.run(original, Optimization.NONE, in);
      for (Optimization level : List.of(Optimization.NONE, Optimization.ALL)) {
        assertThat(Answers.distance(ModelRuns.run(fused, level, in), wanted))
            .isLessThanOrEqualTo(tolerance);
      }
    }
    return report;
  }

  private FusionReport fused(String output) {
    return fused(output, FusionOptions.EXACT, 1e-5);
  }

  private String mean(String value, long axis) {
    return e.op("ReduceMean", List.of(value), Attribute.of("axes", new long[] {axis}));
  }

  private String norm(long axis, boolean powers) {
    return norm(axis, powers, WIDTH);
  }

  private String norm(long axis, boolean powers, int factors) {
    String centred = e.op("Sub", x, mean(x, axis));
    String square = powers ? e.op("Pow", centred, e.number(2)) : e.op("Mul", centred, centred);
    String deviation = e.op("Sqrt", e.op("Add", mean(square, axis), e.number(1e-5f)));
    String normalized = e.op("Div", centred, deviation);
    String scaled = e.op("Mul", e.weight("gamma", 1, factors), normalized);
    return e.op("Add", e.weight("beta", 1, factors), scaled);
  }

  @Test
  void normalizationIsFoundWithFactorsInAnyOrder() {
    assertThat(fused(norm(-1, true)).count("LayerNormalization")).isEqualTo(1);
  }

  @Test
  void normalizationIsFoundWithAPositiveAxisAndASquareByProduct() {
    assertThat(fused(norm(2, false)).count("LayerNormalization")).isEqualTo(1);
  }

  @Test
  void normalizationOverAnotherAxisStays() {
    assertThat(fused(norm(1, true)).isEmpty()).isTrue();
  }

  @Test
  void normalizationWithOneFactorForAllStays() {
    assertThat(fused(norm(-1, true, 1)).isEmpty()).isTrue();
  }

  @Test
  void normalizationWhoseMeanIsNeededStays() {
    String result = norm(-1, true);
    String deviation = e.model().graph().nodes("Sqrt").get(0).output(0);
    FusionReport report = fused(e.op("Add", result, deviation));
    assertThat(report.isEmpty()).isTrue();
    assertThat(report.notes()).hasSize(1).first().asString().contains("'" + deviation + "'");
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2})
  void geluIsFoundInEveryOrderOfItsFactors(int order) {
    String scaled = e.op("Mul", x, e.number((float) Math.sqrt(0.5)));
    String factor = e.op("Add", e.number(1), e.op("Erf", scaled));
    String result =
        switch (order) {
          case 0 -> e.op("Mul", e.number(0.5f), e.op("Mul", factor, x));
          case 1 -> e.op("Mul", e.op("Mul", factor, e.number(0.5f)), x);
          default -> e.op("Mul", e.op("Mul", x, e.number(0.5f)), factor);
        };
    assertThat(fused(result).count("Gelu")).isEqualTo(1);
  }

  @Test
  void whatIsAlmostAGeluStays() {
    String factor = e.op("Add", e.op("Erf", e.op("Div", x, e.number(1.5f))), e.number(1));
    assertThat(fused(e.op("Mul", e.op("Mul", x, factor), e.number(0.5f))).isEmpty()).isTrue();
  }

  @Test
  void theFormulaWithTanhBecomesFastGelu() {
    String cube = e.op("Pow", x, e.number(3));
    String sum = e.op("Add", x, e.op("Mul", cube, e.number(0.044715f)));
    String tanh = e.op("Tanh", e.op("Mul", sum, e.number((float) Math.sqrt(2 / Math.PI))));
    String half = e.op("Mul", x, e.number(0.5f));
    FusionReport report = fused(e.op("Mul", half, e.op("Add", tanh, e.number(1))));
    assertThat(report.count("FastGelu")).isEqualTo(1);
  }

  @Test
  void theFasterGeluStaysWithinItsBound() {
    FusionReport report =
        fused(e.gelu(e.linear(x, "dense", WIDTH, WIDTH)), new FusionOptions(true, false), 5e-4);
    assertThat(report.counts()).hasToString("{FastGelu=1}");
  }

  @Test
  void aSumWithTwoBiasesTakesOneOfThemIn() {
    String sum = e.op("Add", e.linear(x, "left", WIDTH, WIDTH), e.linear(x, "right", WIDTH, WIDTH));
    FusionReport report = fused(e.layerNorm(sum, "norm", WIDTH));
    assertThat(report.counts()).hasToString("{SkipLayerNormalization=1}");
  }

  @Test
  void aSumThatIsUsedAgainIsGivenToo() {
    String sum = e.op("Add", e.linear(x, "dense", WIDTH, WIDTH), x);
    String normalized = e.layerNorm(sum, "norm", WIDTH);
    FusionReport report = fused(e.op("Mul", normalized, sum));
    assertThat(report.counts()).hasToString("{SkipLayerNormalization=1}");
  }

  @Test
  void aSumThatIsAnOutputKeepsItsName() {
    String sum = e.op("Add", e.linear(x, "dense", WIDTH, WIDTH), x);
    String normalized = e.layerNorm(sum, "norm", WIDTH);
    e.output(sum);
    assertThat(fused(normalized).counts()).hasToString("{SkipLayerNormalization=1}");
  }

  @Test
  void aSumThatBroadcastsStays() {
    String row = e.op("Slice", x, e.longs(0), e.longs(1), e.longs(1));
    FusionReport report = fused(e.layerNorm(e.op("Add", x, row), "norm", WIDTH));
    assertThat(report.counts()).hasToString("{LayerNormalization=1}");
  }

  @Test
  void unrelatedGraphsStayByteForByte() {
    String[] unary = {"Relu", "Tanh", "Sigmoid", "Erf", "Exp"};
    String[] binary = {"Add", "Mul", "Sub", "Max"};
    for (int seed = 0; seed < 100; seed++) {
      Random random = new Random(seed);
      Exporter other = new Exporter(11 + random.nextInt(10));
      String value = other.input("y", DataType.FLOAT32, "rows", "columns", WIDTH);
      String before = value;
      for (int i = 0; i < 20; i++) {
        String next =
            switch (random.nextInt(4)) {
              case 0 -> other.op(unary[random.nextInt(unary.length)], value);
              case 1 -> other.op(binary[random.nextInt(binary.length)], value, before);
              case 2 -> other.op("Mul", value, other.number(0.5f));
              default -> other.product(value, "w" + i, WIDTH, WIDTH);
            };
        before = value;
        value = next;
      }
      other.output(value);
      ModelData model = Answers.lifted(other.model());
      byte[] bytes = ModelRuns.bytes(model);
      assertThat(Fusions.apply(model, new FusionOptions(true, true)).isEmpty()).isTrue();
      assertThat(ModelRuns.bytes(model)).isEqualTo(bytes);
    }
  }

  @Test
  void embeddingsAreFusedOnRequestOnly() {
    ModelData original =
        Answers.lifted(
            ModelData.read(ModelSource.ofResource(getClass(), "/all-minilm-l6-v2.onnx")));
    // The first normalization alone: the rest is tested elsewhere.
    ModelData head = original.copy();
    String first = "/embeddings/LayerNorm/Add_1_output_0";
    head.graph().removeOutput("last_hidden_state");
    head.graph().addOutput(ValueInfo.tensor(first, DataType.FLOAT32, (List<Dimension>) null));
    head.graph().removeDead();
    ModelData plain = head.copy();
    ModelData fused = head.copy();
    assertThat(Fusions.apply(plain).counts()).hasToString("{LayerNormalization=1}");
    FusionReport report = Fusions.apply(fused, FusionOptions.EXACT.withEmbedLayerNorm(true));
    assertThat(report.counts()).hasToString("{EmbedLayerNormalization=1}");
    try (Batch in = Tokens.bert(3, 9)) {
      float[] wanted = ModelRuns.run(head, Optimization.NONE, in);
      assertThat(Answers.distance(ModelRuns.run(fused, Optimization.ALL, in), wanted))
          .isLessThanOrEqualTo(1e-5);
    }
  }
}
