package dev.hone.onnx.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What must not be fused, or only with care. */
class FusionGuardsTest {
  private static final long OPSET = 14;

  private static ModelData encoder(MaskStyle mask) {
    return Answers.lifted(Block.encoder(OPSET, AttentionStyle.EAGER_MUL, mask));
  }

  private static Node firstOf(ModelData model, String op) {
    return model.graph().nodes(op).get(0);
  }

  private static void assertSameAnswers(ModelData original, ModelData fused) {
    try (Batch in = Block.input(3, 5)) {
      float[] wanted = ModelRuns.run(original, Optimization.NONE, in);
      assertThat(Answers.distance(ModelRuns.run(fused, Optimization.NONE, in), wanted))
          .isLessThanOrEqualTo(1e-4);
    }
  }

  @Test
  void anAttentionWhoseWeightsAreAnOutputStays() {
    ModelData original = encoder(MaskStyle.SUBTRACTED);
    String weights = firstOf(original, "Softmax").output(0);
    original.graph().addOutput(ValueInfo.tensor(weights, DataType.FLOAT32, (List<Dimension>) null));
    ModelData fused = original.copy();
    FusionReport report = Fusions.apply(fused);
    assertThat(report.count("Attention")).isEqualTo(Block.LAYERS - 1);
    assertThat(report.notes())
        .anyMatch(note -> note.contains("'" + weights + "' inside is used elsewhere."));
    assertSameAnswers(original, fused);
  }

  @Test
  void aProjectionThatIsUsedElsewhereIsNotMerged() {
    ModelData original = encoder(MaskStyle.SUBTRACTED);
    String keys = original.graph().consumers("layer.0.attention.key.bias").get(0).output(0);
    original.graph().addOutput(ValueInfo.tensor(keys, DataType.FLOAT32, (List<Dimension>) null));
    ModelData fused = original.copy();
    FusionReport report = Fusions.apply(fused);
    assertThat(report.count("Attention")).isEqualTo(Block.LAYERS - 1);
    assertThat(report.count("MultiHeadAttention")).isEqualTo(1);
    assertSameAnswers(original, fused);
  }

  @Test
  void weightsThatACallerCanOverrideAreNotMerged() {
    ModelData original = encoder(MaskStyle.SUBTRACTED);
    String weight = "layer.0.attention.key.weight";
    original.graph().addInput(ValueInfo.tensor(weight, DataType.FLOAT32, List.of(dim(), dim())));
    ModelData fused = original.copy();
    FusionReport report = Fusions.apply(fused);
    assertThat(report.count("MultiHeadAttention")).isEqualTo(1);
    assertThat(fused.graph().initializer(weight)).isNotNull();
    assertSameAnswers(original, fused);
  }

  private static Dimension dim() {
    return Dimension.of(Block.WIDTH);
  }

  @Test
  void oneWeightForTwoProjectionsIsCopiedAndKept() {
    ModelData original = encoder(MaskStyle.SUBTRACTED);
    Graph graph = original.graph();
    Node keys = graph.consumers("layer.0.attention.key.weight").get(0);
    keys.setInput(1, "layer.1.output.weight");
    ModelData fused = original.copy();
    assertThat(Fusions.apply(fused).count("Attention")).isEqualTo(Block.LAYERS);
    assertThat(fused.graph().initializer("layer.1.output.weight")).isNotNull();
    assertSameAnswers(original, fused);
  }

  @Test
  void aMaskThatDoesNotHideStays() {
    ModelData original = encoder(MaskStyle.EQUAL_EXPANDED_HIDDEN);
    for (Node where : original.graph().nodes("Where")) {
      TensorData mild = TensorData.ofFloats("", Shape.scalar(), -1);
      where.setInput(1, original.graph().addInitializer("mild", mild));
    }
    ModelData fused = original.copy();
    FusionReport report = Fusions.apply(fused);
    assertThat(report.count("Attention")).isZero();
    assertThat(report.notes()).anyMatch(note -> note.contains("does not hide them"));
    assertSameAnswers(original, fused);
  }

  @Test
  void aTriangleInsideAMaskIsNotForgotten() {
    int length = 5;
    Exporter e = new Exporter(OPSET);
    String x = e.input("x", DataType.FLOAT32, "batch", "sequence", Block.WIDTH);
    String mask = e.input("attention_mask", DataType.INT64, "batch", "sequence");
    long[] triangle = new long[length * length];
    for (int i = 0; i < triangle.length; i++) {
      triangle[i] = i % length <= i / length ? 1 : 0;
    }
    String earlier = e.constant(TensorData.ofLongs("", Shape.of(1, 1, length, length), triangle));
    String kept = e.cast(e.unsqueeze(e.unsqueeze(mask, 1), 2), DataType.BOOL);
    String shown = e.cast(e.op("Where", kept, earlier, e.whole(0)), DataType.BOOL);
    MaskStyle style = MaskStyle.EQUAL_ON_FOUR_AXES_SHOWN;
    e.output(AttentionStyle.EAGER_DIV.attend(e, x, shown, style, "attention"));
    ModelData original = Answers.lifted(e.model());
    ModelData fused = original.copy();
    assertThat(Fusions.apply(fused).count("Attention")).isEqualTo(1);
    assertSameAnswers(original, fused);
  }

  @Test
  void headsThatACallerCutsStay() {
    ModelData original = encoder(MaskStyle.SUBTRACTED);
    Graph graph = original.graph();
    graph.addInput(ValueInfo.tensor("cut", DataType.INT64, Dimension.of(4)));
    graph.nodes("Reshape").stream()
        .filter(node -> node.input(0).startsWith("Add"))
        .forEach(node -> node.setInput(1, "cut"));
    graph.removeDead();
    FusionReport report = Fusions.apply(original);
    assertThat(report.count("Attention")).isZero();
    assertThat(report.notes()).anyMatch(note -> note.contains("are not known before it runs"));
    assertThat(report.toString()).contains("\nThe attention at Reshape");
  }

  @Test
  void oneMaskForAllRowsIsAddedAsABias() {
    Exporter e = new Exporter(OPSET);
    String x = e.input("x", DataType.FLOAT32, "batch", "sequence", Block.WIDTH);
    String mask = e.input("attention_mask", DataType.INT64, 1, "sequence");
    String made = MaskStyle.SUBTRACTED.make(e, mask, x);
    e.output(AttentionStyle.EAGER_DIV.attend(e, x, made, MaskStyle.SUBTRACTED, "attention"));
    ModelData original = Answers.lifted(e.model());
    ModelData fused = original.copy();
    assertThat(Fusions.apply(fused).count("Attention")).isEqualTo(1);
    try (Batch rows = Block.input(3, 5)) {
      Batch in =
          Batch.of(
              "x",
              Tensor.of(rows.get("x").toFloatArray(), 3, 5, Block.WIDTH),
              "attention_mask",
              Tensor.of(new long[][] {{0, 1, 1, 0, 1}}));
      try (in) {
        float[] wanted = ModelRuns.run(original, Optimization.NONE, in);
        assertThat(Answers.distance(ModelRuns.run(fused, Optimization.NONE, in), wanted))
            .isLessThanOrEqualTo(1e-4);
      }
    }
  }

  @Test
  void attentionToAnotherInputBecomesMultiHeadAttention() {
    for (MaskStyle style : List.of(MaskStyle.NONE, MaskStyle.SUBTRACTED, MaskStyle.TRUTH_ADDED)) {
      Exporter e = new Exporter(OPSET);
      String x = e.input("x", DataType.FLOAT32, "batch", "sequence", Block.WIDTH);
      String y = e.op("Add", x, e.number(0.5f));
      String mask = e.input("attention_mask", DataType.INT64, "batch", "sequence");
      String made = style.make(e, mask, y);
      e.output(AttentionStyle.attendTo(e, x, y, made, "attention"));
      ModelData original = Answers.lifted(e.model());
      ModelData fused = original.copy();
      FusionReport report = Fusions.apply(fused);
      assertThat(report.count("MultiHeadAttention")).isEqualTo(1);
      assertThat(report.count("Attention")).isZero();
      assertSameAnswers(original, fused);
    }
  }
}
