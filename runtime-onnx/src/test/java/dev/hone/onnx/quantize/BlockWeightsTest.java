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
import dev.hone.onnx.quantize.BlockQuantizer.Method;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BlockWeightsTest {
  /** Not a multiple of any block. */
  private static final int IN = 100;

  private static final int OUT = 24;

  private static ModelData model(Node... nodes) {
    Graph graph = new Graph("product");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(IN)));
    graph.putInitializer(weights("w", IN, OUT));
    graph.putInitializer(
        TensorData.ofFloats("b", Shape.of(OUT), ChannelQuantizerTest.gaussian(OUT, 2)));
    graph.add(nodes);
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private static TensorData weights(String name, int rows, int columns) {
    float[] values = ChannelQuantizerTest.gaussian(rows * columns, 5);
    return TensorData.ofFloats(name, Shape.of(rows, columns), values);
  }

  private static Batch input(int rows) {
    return Batch.of("x", Tensor.of(ChannelQuantizerTest.gaussian(rows * IN, 3), rows, IN));
  }

  private static List<NodeChoice> apply(ModelData model, BlockQuantizer quantizer) {
    return BlockWeights.apply(model, quantizer, Set.of());
  }

  private static double similarity(ModelData before, ModelData after) {
    try (Batch in = input(5)) {
      float[] exact = ModelRuns.run(before, in);
      float[] optimized = ModelRuns.run(after, in);
      assertThat(ModelRuns.run(after, Optimization.NONE, in)).isEqualTo(optimized);
      return SignalToNoise.decibels(exact, optimized);
    }
  }

  private static void becomesOneProduct(ModelData model) {
    ModelData before = model.copy();
    List<NodeChoice> choices = apply(model, BlockQuantizer.INT8);
    assertThat(choices).extracting(NodeChoice::form).containsExactly(Form.WEIGHT_INT8);
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("MatMulNBits");
    assertThat(model.graph().initializer("w")).isNull();
    assertThat(similarity(before, model)).isGreaterThan(35);
  }

  @Test
  void aBiasIsAddedInsideTheProductInEitherOrder() {
    becomesOneProduct(
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("xw")),
            Node.of("Add", List.of("xw", "b"), List.of("y"))));
    becomesOneProduct(
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("xw")),
            Node.of("Add", List.of("b", "xw"), List.of("y"))));
  }

  @Test
  void aProductWithoutBiasNeedsNone() {
    becomesOneProduct(model(Node.of("MatMul", List.of("x", "w"), List.of("y"))));
  }

  @Test
  void aTransposedGemmBecomesAProduct() {
    ModelData model =
        model(Node.of("Gemm", List.of("x", "w", "b"), List.of("y"), Attribute.of("transB", 1L)));
    model.graph().putInitializer(weights("w", OUT, IN));
    becomesOneProduct(model);
  }

  @Test
  void aGemmWhoseBiasIsARowBecomesAProduct() {
    ModelData model = model(Node.of("Gemm", List.of("x", "w", "b"), List.of("y")));
    float[] bias = ChannelQuantizerTest.gaussian(OUT, 2);
    model.graph().putInitializer(TensorData.ofFloats("b", Shape.of(1, OUT), bias));
    becomesOneProduct(model);
  }

  @Test
  void whatAGemmAddsBesideAPlainBiasIsAddedAfterIt() {
    ModelData model = model(Node.of("Gemm", List.of("x", "w", "b"), List.of("y")));
    model.graph().putInitializer(TensorData.ofFloats("b", Shape.of(1), 4));
    ModelData before = model.copy();
    apply(model, BlockQuantizer.INT8);
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("MatMulNBits", "Add");
    assertThat(similarity(before, model)).isGreaterThan(35);
  }

  @Test
  void weightsAreSeenThroughWhatOnlyMovesThem() {
    ModelData model =
        model(
            Node.of("Identity", List.of("w"), List.of("same")),
            Node.of("Transpose", List.of("same"), List.of("turned")),
            Node.of("MatMul", List.of("x", "turned"), List.of("y")));
    model.graph().putInitializer(weights("w", OUT, IN));
    becomesOneProduct(model);
  }

  @Test
  void weightsInConstantNodesAreSeen() {
    becomesOneProduct(
        model(
            Node.of(
                "Constant",
                List.of(),
                List.of("inNode"),
                Attribute.of("value", weights("", IN, OUT))),
            Node.of("MatMul", List.of("x", "inNode"), List.of("y"))));
  }

  @Test
  void aSumThatIsUsedTwiceIsNotMergedAway() {
    ModelData model =
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("xw")),
            Node.of("Add", List.of("xw", "b"), List.of("y")));
    model.graph().addOutput(ModelRuns.floats("xw"));
    apply(model, BlockQuantizer.INT8);
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("MatMulNBits", "Add");
    assertThat(model.graph().nodes().get(0).output(0)).isEqualTo("xw");
  }

  @Test
  void aMatrixThatTwoProductsShareIsStoredOnce() {
    ModelData model =
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("a")),
            Node.of("Relu", List.of("x"), List.of("r")),
            Node.of("MatMul", List.of("r", "w"), List.of("c")),
            Node.of("Add", List.of("a", "c"), List.of("y")));
    ModelData before = model.copy();
    apply(model, BlockQuantizer.INT8);
    assertThat(model.graph().initializers()).hasSize(2);
    assertThat(similarity(before, model)).isGreaterThan(35);
  }

  @ParameterizedTest
  @CsvSource({
    "ROUND_TO_NEAREST, 4, 16, 18",
    "SYMMETRIC, 4, 32, 17",
    "K_QUANT, 4, 32, 18",
    "HALF_QUADRATIC, 4, 32, 18",
    "ROUND_TO_NEAREST, 8, 32, 38",
    "SYMMETRIC, 8, 128, 36",
    "K_QUANT, 8, 64, 36",
  })
  void everyFormThatTheKernelsReadIsClose(Method method, int bits, int blockSize, double decibels) {
    BlockQuantizer quantizer = new BlockQuantizer(method, bits, blockSize);
    ModelData model =
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("xw")),
            Node.of("Add", List.of("xw", "b"), List.of("y")));
    ModelData before = model.copy();
    NodeChoice choice = apply(model, quantizer).get(0);
    assertThat(choice.reason()).contains(bits + " bits, in blocks of " + blockSize);
    assertThat(choice.signalToNoiseDb()).isGreaterThan(decibels);
    assertThat(similarity(before, model)).isGreaterThan(decibels);
  }

  @Test
  void integersAreAlwaysMultipliedAsIntegers() {
    ModelData model = model(Node.of("MatMul", List.of("x", "w"), List.of("y")).named("dense"));
    apply(model, BlockQuantizer.INT4);
    Node node = model.graph().nodes().get(0);
    assertThat(node.name()).isEqualTo("dense");
    assertThat(node.longAttribute("accuracy_level", 0)).isEqualTo(4);
    assertThat(node.longAttribute("K", 0)).isEqualTo(IN);
    assertThat(node.longAttribute("N", 0)).isEqualTo(OUT);
    // Four blocks of 32 for each of 24 outputs; their four zero points share two bytes.
    assertThat(shape(model, node.input(1))).isEqualTo(Shape.of(OUT, 4, 16));
    assertThat(shape(model, node.input(2))).isEqualTo(Shape.of(OUT, 4));
    assertThat(shape(model, node.input(3))).isEqualTo(Shape.of(OUT, 2));
    assertThat(model.opsets()).containsEntry("com.microsoft", 1L).containsEntry("", 13L);
  }

  private static Shape shape(ModelData model, String value) {
    return Objects.requireNonNull(model.graph().initializer(value)).shape();
  }

  @Test
  void chosenNodesKeepEightBits() {
    ModelData model =
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("a")),
            Node.of("MatMul", List.of("x", "w"), List.of("c")),
            Node.of("Add", List.of("a", "c"), List.of("y")));
    List<NodeChoice> choices =
        BlockWeights.apply(
            model, BlockQuantizer.INT4, Set.of(), Set.of("c"), BlockWeights.Importance.UNKNOWN);
    assertThat(choices)
        .extracting(NodeChoice::form)
        .containsExactly(Form.WEIGHT_INT4, Form.WEIGHT_INT8);
  }

  @Test
  void theErrorGoesWhereTheInputIsSmall() {
    float[] meanSquares = new float[IN];
    Arrays.fill(meanSquares, 1e-4f);
    Arrays.fill(meanSquares, 0, 10, 100);
    ModelData plain = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
    ModelData aware = plain.copy();
    ModelData exact = plain.copy();
    apply(plain, BlockQuantizer.INT4);
    BlockWeights.apply(
        aware, BlockQuantizer.INT4, Set.of(), Set.of(), v -> v.equals("x") ? meanSquares : null);
    float[] x = new float[IN];
    Arrays.fill(x, 0, 10, 1);
    try (Batch in = Batch.of("x", Tensor.of(x, 1, IN))) {
      float[] wanted = ModelRuns.run(exact, in);
      assertThat(SignalToNoise.decibels(wanted, ModelRuns.run(aware, in)))
          .isGreaterThan(SignalToNoise.decibels(wanted, ModelRuns.run(plain, in)) + 2);
    }
  }

  @Test
  void aRowsAnswerDoesNotDependOnItsBatch() {
    for (BlockQuantizer quantizer : List.of(BlockQuantizer.INT8, BlockQuantizer.INT4)) {
      ModelData model = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
      apply(model, quantizer);
      try (Batch alone = input(1);
          Batch together = input(9)) {
        float[] first = ModelRuns.run(model, alone);
        assertThat(Arrays.copyOf(ModelRuns.run(model, together), OUT)).isEqualTo(first);
      }
    }
  }

  @Test
  void whatIsLeftSaysWhy() {
    Node product = Node.of("MatMul", List.of("x", "w"), List.of("y"));
    assertThat(BlockWeights.apply(model(product), BlockQuantizer.INT8, Set.of("y")))
        .containsExactly(NodeChoice.left("y", "MatMul", "It was excluded."));

    ModelData overridable = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
    overridable
        .graph()
        .addInput(ValueInfo.tensor("w", DataType.FLOAT32, Dimension.of(IN), Dimension.of(OUT)));
    assertThat(reason(overridable))
        .isEqualTo("Its weights are an input that callers can override.");

    ModelData computed =
        model(
            Node.of("Relu", List.of("w"), List.of("r")),
            Node.of("MatMul", List.of("x", "r"), List.of("y")));
    assertThat(reason(computed)).isEqualTo("It multiplies two computed values.");

    ModelData scaled =
        model(Node.of("Gemm", List.of("x", "w"), List.of("y"), Attribute.of("alpha", 2f)));
    assertThat(reason(scaled)).isEqualTo("It scales or transposes more than its weights.");

    ModelData deep = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
    deep.graph().putInitializer(TensorData.ofFloats("w", Shape.of(1, IN, 1), new float[IN]));
    assertThat(reason(deep))
        .isEqualTo("Its weights are FLOAT32[1, 100, 1], not a matrix of floats.");

    ModelData damaged = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
    float[] broken = new float[IN * OUT];
    broken[5] = Float.POSITIVE_INFINITY;
    damaged.graph().putInitializer(TensorData.ofFloats("w", Shape.of(IN, OUT), broken));
    assertThat(reason(damaged)).isEqualTo("Its weights hold infinite elements or NaN.");
  }

  private static String reason(ModelData model) {
    int before = model.graph().nodes().size();
    List<NodeChoice> choices = apply(model, BlockQuantizer.INT8);
    assertThat(model.graph().nodes()).hasSize(before);
    assertThat(choices).singleElement().extracting(NodeChoice::form).isEqualTo(Form.FLOAT);
    return choices.get(0).reason();
  }

  @ParameterizedTest
  @CsvSource({"SYMMETRIC, 8", "ROUND_TO_NEAREST, 8", "ROUND_TO_NEAREST, 4", "K_QUANT, 4"})
  void weightsThatAreAllZeroGiveExactlyZero(Method method, int bits) {
    ModelData model = model(Node.of("MatMul", List.of("x", "w"), List.of("y")));
    model.graph().putInitializer(TensorData.ofFloats("w", Shape.of(IN, OUT), new float[IN * OUT]));
    apply(model, new BlockQuantizer(method, bits, 32));
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("MatMulNBits");
    try (Batch in = input(5)) {
      assertThat(ModelRuns.run(model, in)).containsOnly(0);
    }
  }
}
