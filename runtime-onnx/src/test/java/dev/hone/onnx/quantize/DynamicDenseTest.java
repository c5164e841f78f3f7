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
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.ModelRuns;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class DynamicDenseTest {
  private static final int IN = 48;
  private static final int OUT = 20;
  private static final int HIDDEN = 32;

  private static ModelData model(Node... nodes) {
    Graph graph = new Graph("product");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("n"), Dimension.of(IN)));
    graph.putInitializer(
        TensorData.ofFloats("w", Shape.of(IN, OUT), ChannelQuantizerTest.gaussian(IN * OUT, 5)));
    graph.putInitializer(
        TensorData.ofFloats("b", Shape.of(OUT), ChannelQuantizerTest.gaussian(OUT, 2)));
    graph.add(nodes);
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private static Batch input(int rows) {
    return Batch.of("x", Tensor.of(ChannelQuantizerTest.gaussian(rows * IN, 3), rows, IN));
  }

  private static Node product() {
    return Node.of("MatMul", List.of("x", "w"), List.of("y"));
  }

  private static List<NodeChoice> apply(ModelData model) {
    return DynamicDense.apply(model, Set.of());
  }

  /** The formulas of the reference, written out once more. */
  @Test
  void weightsAndScalesAreThoseOfTheReferenceToTheLastBit() {
    ModelData model = model(product());
    float[] weights = Objects.requireNonNull(model.graph().initializer("w")).toFloats();
    apply(model);
    Node node = model.graph().nodes().get(0);
    ByteBuffer codes = Objects.requireNonNull(model.graph().initializer(node.input(1))).bytes();
    float[] scales = Objects.requireNonNull(model.graph().initializer(node.input(2))).toFloats();
    for (int column = 0; column < OUT; column++) {
      float reach = 0;
      for (int row = 0; row < IN; row++) {
        reach = Math.max(reach, Math.abs(weights[row * OUT + column]));
      }
      float scale = (float) (2.0 * reach / 254);
      assertThat(scales[column]).isEqualTo(scale);
      for (int row = 0; row < IN; row++) {
        double code = Math.rint(weights[row * OUT + column] / scale);
        assertThat(codes.get(row * OUT + column))
            .isEqualTo((byte) Math.max(-127, Math.min(127, code)));
      }
    }
  }

  /** What the fused operator computes is what the standard operators say. */
  @Test
  void theProductIsThatOfTheStandardOperators() {
    ModelData model =
        model(
            Node.of("MatMul", List.of("x", "w"), List.of("xw")),
            Node.of("Add", List.of("b", "xw"), List.of("y")));
    apply(model);
    assertThat(model.graph().nodes()).extracting(Node::op).containsExactly("DynamicQuantizeMatMul");
    Node fused = model.graph().nodes().get(0);
    ModelData standard = model.copy();
    Graph graph = standard.graph();
    graph.replace(
        graph.nodes().get(0),
        Node.of("DynamicQuantizeLinear", List.of("x"), List.of("q", "s", "z")),
        Node.of("MatMulInteger", List.of("q", fused.input(1), "z"), List.of("i")),
        Node.of("Cast", List.of("i"), List.of("f"), Attribute.of("to", 1L)),
        Node.of("Mul", List.of("s", fused.input(2)), List.of("ss")),
        Node.of("Mul", List.of("f", "ss"), List.of("m")),
        Node.of("Add", List.of("m", "b"), List.of("y")));
    try (Batch in = input(3)) {
      float[] wanted = ModelRuns.run(standard, Optimization.NONE, in);
      assertClose(ModelRuns.run(model, in), wanted);
      assertClose(ModelRuns.run(model, Optimization.NONE, in), wanted);
    }
  }

  private static void assertClose(float[] actual, float[] wanted) {
    assertThat(SignalToNoise.decibels(wanted, actual)).isGreaterThan(110);
  }

  @Test
  void productsOfOneInputShareItsIntegers() {
    ModelData model =
        model(
            product().named("first"),
            Node.of("Gemm", List.of("x", "w", "b"), List.of("z")).named("second"));
    model.graph().addOutput(ModelRuns.floats("z"));
    ModelData before = model.copy();
    assertThat(apply(model)).extracting(NodeChoice::form).containsOnly(Form.DYNAMIC_INT8);
    assertThat(model.graph().nodes())
        .extracting(Node::op)
        .containsExactly("DynamicQuantizeLinear", "MatMulIntegerToFloat", "MatMulIntegerToFloat");
    assertThat(model.graph().nodes()).extracting(Node::name).containsExactly("", "first", "second");
    // Codes, scales and zero point of the matrix that both share, and the bias.
    assertThat(model.graph().initializers()).hasSize(4);
    try (Batch in = input(4)) {
      float[] exact = output(before, Optimization.ALL, in, "z");
      float[] quantized = output(model, Optimization.ALL, in, "z");
      assertThat(SignalToNoise.decibels(exact, quantized)).isGreaterThan(33);
      assertClose(output(model, Optimization.NONE, in, "z"), quantized);
    }
  }

  private static float[] output(
      ModelData model, Optimization optimization, Batch in, String output) {
    return Objects.requireNonNull(ModelRuns.outputs(model, optimization, in).get(output));
  }

  @Test
  void anAnswerDependsOnItsBatchAndTheReasonSaysSo() {
    ModelData model = model(product());
    assertThat(apply(model).get(0).reason()).contains("depends a little on the other rows");
    float[] rows = ChannelQuantizerTest.gaussian(2 * IN, 3);
    rows[2 * IN - 1] = 50;
    try (Batch alone = Batch.of("x", Tensor.of(Arrays.copyOf(rows, IN), 1, IN));
        Batch together = Batch.of("x", Tensor.of(rows, 2, IN))) {
      float[] first = ModelRuns.run(model, alone);
      assertThat(Arrays.copyOf(ModelRuns.run(model, together), OUT)).isNotEqualTo(first);
    }
  }

  @Test
  void attentionIsComputedOnIntegers() {
    ModelData model = attention();
    assertThat(becomes(model)).containsExactly("DynamicQuantizeLinear", "QAttention");
  }

  @Test
  void attentionThatAsksForMoreIsComputedInParts() {
    ModelData model = attention(Attribute.of("qkv_hidden_sizes", 32, 32, 16));
    model.graph().putInitializer(gaussian("w", HIDDEN, 80));
    model.graph().putInitializer(gaussian("b", 80));
    assertThat(becomes(model))
        .containsExactly(
            "DynamicQuantizeLinear",
            "MatMulIntegerToFloat",
            "MatMulIntegerToFloat",
            "MatMulIntegerToFloat",
            "MultiHeadAttention");
  }

  private static List<String> becomes(ModelData model) {
    ModelData before = model.copy();
    assertThat(apply(model)).extracting(NodeChoice::form).containsOnly(Form.DYNAMIC_INT8);
    try (Batch in =
        Batch.of(
            "x",
            Tensor.of(ChannelQuantizerTest.gaussian(10 * HIDDEN, 8), 2, 5, HIDDEN),
            "mask",
            Tensor.of(new int[] {1, 1, 1, 1, 1, 1, 1, 1, 0, 0}, 2, 5))) {
      float[] exact = ModelRuns.run(before, in);
      assertThat(SignalToNoise.decibels(exact, ModelRuns.run(model, in))).isGreaterThan(26);
    }
    return model.graph().nodes().stream().map(Node::op).toList();
  }

  private static ModelData attention(Attribute... more) {
    Graph graph = new Graph("attention");
    Dimension rows = Dimension.of("n");
    Dimension tokens = Dimension.of("t");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, rows, tokens, Dimension.of(HIDDEN)));
    graph.addInput(ValueInfo.tensor("mask", DataType.INT32, rows, tokens));
    graph.putInitializer(gaussian("w", HIDDEN, 3 * HIDDEN));
    graph.putInitializer(gaussian("b", 3 * HIDDEN));
    graph.add(
        Node.of("com.microsoft", "Attention", List.of("x", "w", "b", "mask"), List.of("y"), more)
            .put(Attribute.of("num_heads", 4L)));
    graph.addOutput(ModelRuns.floats("y"));
    ModelData model = ModelData.of(graph, 13);
    model.importOpset("com.microsoft", 1);
    return model;
  }

  private static TensorData gaussian(String name, int... shape) {
    int count = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
    return TensorData.ofFloats(
        name,
        Shape.of(Arrays.stream(shape).asLongStream().toArray()),
        ChannelQuantizerTest.gaussian(count, 6));
  }

  @Test
  void whatIsLeftSaysWhy() {
    ModelData excluded = model(product());
    assertThat(DynamicDense.apply(excluded, Set.of("y")))
        .containsExactly(NodeChoice.left("y", "MatMul", "It was excluded."));
    ModelData past =
        model(
            Node.of(
                "com.microsoft",
                "Attention",
                List.of("x", "w", "b", "", "past"),
                List.of("y"),
                Attribute.of("num_heads", 4L)));
    assertThat(apply(past).get(0).reason())
        .isEqualTo("It keeps keys and values from call to call.");
    assertThat(past.graph().nodes()).extracting(Node::op).containsExactly("Attention");
  }

  @Test
  void smallerIntegersAreUsedOnRequest() {
    ModelData model = model(product());
    DynamicDense.apply(model, Set.of(), Grid.INT8_REDUCED);
    String codes = model.graph().nodes().get(0).input(1);
    ByteBuffer bytes = Objects.requireNonNull(model.graph().initializer(codes)).bytes();
    while (bytes.hasRemaining()) {
      assertThat((int) bytes.get()).isBetween(-64, 64);
    }
  }
}
