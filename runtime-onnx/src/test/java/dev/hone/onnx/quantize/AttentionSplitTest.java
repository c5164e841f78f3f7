package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AttentionSplitTest {
  private static final int HIDDEN = 32;
  private static final int TOKENS = 5;

  private static ModelData model(int maskRank, Attribute... more) {
    Graph graph = new Graph("attention");
    Dimension batch = Dimension.of("n");
    Dimension tokens = Dimension.of("t");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, batch, tokens, Dimension.of(HIDDEN)));
    if (maskRank == 2) {
      graph.addInput(ValueInfo.tensor("mask", DataType.INT32, batch, tokens));
    } else if (maskRank == 3) {
      graph.addInput(ValueInfo.tensor("mask", DataType.INT32, batch, tokens, tokens));
    }
    float[] weights = ChannelQuantizerTest.gaussian(HIDDEN * 3 * HIDDEN, 6);
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(HIDDEN, 3 * HIDDEN), weights));
    float[] bias = ChannelQuantizerTest.gaussian(3 * HIDDEN, 7);
    graph.putInitializer(TensorData.ofFloats("b", Shape.of(3 * HIDDEN), bias));
    graph.add(
        Node.of(
                "com.microsoft",
                "Attention",
                maskRank == 0 ? List.of("x", "w", "b") : List.of("x", "w", "b", "mask"),
                List.of("y"),
                more)
            .put(Attribute.of("num_heads", 4L))
            .named("attention"));
    graph.addOutput(ModelRuns.floats("y"));
    ModelData model = ModelData.of(graph, 13);
    model.importOpset("com.microsoft", 1);
    return model;
  }

  private static Batch batch(int maskRank) {
    Tensor x = Tensor.of(ChannelQuantizerTest.gaussian(2 * TOKENS * HIDDEN, 8), 2, TOKENS, HIDDEN);
    int[] mask = new int[maskRank == 3 ? 2 * TOKENS * TOKENS : 2 * TOKENS];
    for (int i = 0; i < mask.length; i++) {
      mask[i] = i % 4 == 3 ? 0 : 1;
    }
    return switch (maskRank) {
      case 2 -> Batch.of("x", x, "mask", Tensor.of(mask, 2, TOKENS));
      case 3 -> Batch.of("x", x, "mask", Tensor.of(mask, 2, TOKENS, TOKENS));
      default -> Batch.of("x", x);
    };
  }

  private static void splitsExactly(int maskRank, Attribute... more) {
    ModelData model = model(maskRank, more);
    ModelData before = model.copy();
    assertThat(AttentionSplit.apply(model.graph(), Set.of())).isEmpty();
    assertThat(model.graph().nodes())
        .extracting(Node::name)
        .containsExactly("attention_query", "attention_key", "attention_value", "attention");
    try (Batch in = batch(maskRank)) {
      float[] exact = ModelRuns.run(before, in);
      assertThat(SignalToNoise.decibels(exact, ModelRuns.run(model, in))).isGreaterThan(100);
      assertThat(SignalToNoise.decibels(exact, ModelRuns.run(model, Optimization.NONE, in)))
          .isGreaterThan(100);
    }
  }

  @Test
  void thePartsComputeWhatTheWholeComputed() {
    splitsExactly(0);
    splitsExactly(2);
    splitsExactly(3);
  }

  @Test
  void aPartWhoseNameIsTakenGetsAnother() {
    ModelData model = model(0);
    Graph graph = model.graph();
    graph.add(Node.of("Relu", List.of("y"), List.of("z")).named("attention_key"));
    graph.addOutput(ModelRuns.floats("z"));
    assertThat(AttentionSplit.apply(graph, Set.of())).isEmpty();
    assertThat(graph.nodes()).extracting(Node::name).doesNotHaveDuplicates();
    try (Batch in = batch(0)) {
      assertThat(ModelRuns.run(model, in)).hasSize(2 * TOKENS * HIDDEN); // the session opens
    }
  }

  @Test
  void whatTheWholeWasToldThePartsAreTold() {
    splitsExactly(2, Attribute.of("mask_filter_value", -3f));
    splitsExactly(0, Attribute.of("scale", 0.1f));
    splitsExactly(0, Attribute.of("unidirectional", 1L));
  }

  @Test
  void projectionsOfTheirOwnSizesAreFound() {
    splitsExactly(2, Attribute.of("qkv_hidden_sizes", 40, 40, 16));
  }

  @Test
  void theProductsAreStoredInBlocksAndTheValuesInEightBits() {
    ModelData model = model(2);
    ModelData before = model.copy();
    Set<String> eight = SensitiveProducts.of(model);
    assertThat(eight).containsExactly("attention_value");
    List<NodeChoice> choices =
        BlockWeights.apply(
            model, BlockQuantizer.INT4, Set.of(), eight, BlockWeights.Importance.UNKNOWN);
    assertThat(choices)
        .extracting(choice -> choice.node() + " " + choice.form())
        .containsExactly(
            "attention_query WEIGHT_INT4",
            "attention_key WEIGHT_INT4",
            "attention_value WEIGHT_INT8");
    try (Batch in = batch(2)) {
      float[] exact = ModelRuns.run(before, in);
      assertThat(SignalToNoise.decibels(exact, ModelRuns.run(model, in))).isGreaterThan(8);
    }
  }

  @Test
  void whatIsToHaveEightBitsHasThemInAllItsParts() {
    ModelData model = model(2);
    assertThat(SensitiveProducts.ranking(model)).containsExactly("attention");
    Set<String> eight = Set.copyOf(SensitiveProducts.ranking(model));
    assertThat(
            BlockWeights.apply(
                model, BlockQuantizer.INT4, Set.of(), eight, BlockWeights.Importance.UNKNOWN))
        .extracting(choice -> choice.node() + " " + choice.form())
        .containsExactly(
            "attention_query WEIGHT_INT8",
            "attention_key WEIGHT_INT8",
            "attention_value WEIGHT_INT8");
  }

  @Test
  void whatIsLeftSaysWhy() {
    assertThat(reason(model(0), Set.of("attention"))).isEqualTo("It was excluded.");
    ModelData past = model(0);
    past.graph().nodes().get(0).setInput(4, "past");
    assertThat(reason(past, Set.of())).isEqualTo("It keeps keys and values from run to run.");
    assertThat(reason(model(0, Attribute.of("do_rotary", 1L)), Set.of()))
        .isEqualTo("It rotates its queries and keys.");
    assertThat(reason(model(0, Attribute.of("qkv_hidden_sizes", 1, 1, 1)), Set.of()))
        .isEqualTo("Its weights are not three matrices side by side.");
  }

  private static String reason(ModelData model, Set<String> excluded) {
    List<NodeChoice> left = AttentionSplit.apply(model.graph(), excluded);
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("Attention");
    assertThat(left).hasSize(1);
    return left.get(0).reason();
  }
}
