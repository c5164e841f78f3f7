package dev.hone.onnx.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Opset 11 and 12 raised to 13: the same numbers come out, or nothing is changed. */
class OpsetUpgradeTest {
  private static final Shape X = Shape.of(2, 3, 4);

  private static Graph graph(Node... nodes) {
    Graph graph = new Graph("test");
    Dimension any = Dimension.unknown();
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, any, any, any));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, (List<Dimension>) null));
    graph.add(nodes);
    return graph;
  }

  private static Batch input() {
    float[] values = new float[(int) X.elementCount()];
    IntStream.range(0, values.length).forEach(i -> values[i] = (i * 7 % 11 - 5) / 3f);
    return Batch.of("x", Tensor.of(values, X.toArray()));
  }

  /** Raises a copy, and fails unless it answers as the model did. */
  private static Graph raisedEqual(Graph graph, long opset) {
    ModelData before = ModelData.of(graph, opset);
    ModelData after = before.copy();
    assertThat(OpsetUpgrade.to13(after)).isEmpty();
    assertThat(after.opset()).isEqualTo(13);
    assertThat(before.opset()).isEqualTo(opset);
    try (Batch in = input()) {
      for (Optimization level : List.of(Optimization.NONE, Optimization.ALL)) {
        assertThat(ModelRuns.run(after, level, in)).isEqualTo(ModelRuns.run(before, level, in));
      }
    }
    return after.graph();
  }

  @ParameterizedTest
  @CsvSource({
    "Softmax, 0",
    "Softmax, 1",
    "Softmax, 2",
    "Softmax, -1",
    "Softmax, -2",
    "LogSoftmax, 1",
    "LogSoftmax, 2",
    "Hardmax, 0",
    "Hardmax, 1"
  })
  void whatFlattenedBeforeItsAxisStillDoes(String op, long axis) {
    Attribute attribute = Attribute.of("axis", axis);
    raisedEqual(graph(Node.of(op, List.of("x"), List.of("y"), attribute)), 11);
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 3, 0", "0, 0, 3, 4"})
  void whereNothingIsNormalizedTheRaisedModelSaysWhatToDo(long axis, long a, long b, long c) {
    Attribute attribute = Attribute.of("axis", axis);
    ModelData before =
        ModelData.of(graph(Node.of("Softmax", List.of("x"), List.of("y"), attribute)), 11);
    ModelData after = before.copy();
    assertThat(OpsetUpgrade.to13(after)).isEmpty();
    try (Batch in = Batch.of("x", Tensor.allocate(DataType.FLOAT32, Shape.of(a, b, c)))) {
      assertThat(ModelRuns.run(before, in)).isEmpty();
      assertThatThrownBy(() -> ModelRuns.run(after, in))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll("length of 0", "version 13");
    }
  }

  @Test
  void softmaxWithoutAxisMeantAxisOne() {
    Graph raised = raisedEqual(graph(Node.of("Softmax", List.of("x"), List.of("y"))), 12);
    assertThat(raised.nodes("Flatten")).hasSize(1);
  }

  @Test
  void softmaxAlongTheLastDimensionStaysOneNode() {
    Node softmax = Node.of("Softmax", List.of("x"), List.of("y"), Attribute.of("axis", 2));
    assertThat(raisedEqual(graph(softmax), 12).nodes()).hasSize(1);
    Node transpose =
        Node.of("Transpose", List.of("x"), List.of("t"), Attribute.of("perm", 0, 2, 1));
    Node after = Node.of("Softmax", List.of("t"), List.of("y"), Attribute.of("axis", 2));
    assertThat(raisedEqual(graph(transpose, after), 12).nodes()).hasSize(2);
  }

  @Test
  void axesBecomeInputs() {
    Attribute axes = Attribute.of("axes", new long[] {0});
    raisedEqual(
        graph(
            Node.of("Unsqueeze", List.of("x"), List.of("u"), Attribute.of("axes", 0, 3)),
            Node.of("Squeeze", List.of("u"), List.of("s"), axes),
            Node.of("ReduceSum", List.of("s"), List.of("y"), Attribute.of("axes", 0, 2))),
        11);
    raisedEqual(
        graph(
            Node.of("Unsqueeze", List.of("x"), List.of("u"), axes),
            Node.of("Squeeze", List.of("u"), List.of("s")),
            Node.of("ReduceSum", List.of("s"), List.of("y"), Attribute.of("keepdims", 0))),
        11);
  }

  @Test
  void partsOfASplitBecomeAnInput() {
    Node uneven =
        Node.of(
            "Split",
            List.of("x"),
            List.of("a", "b"),
            Attribute.of("axis", 2),
            Attribute.of("split", 1, 3));
    Node even = Node.of("Split", List.of("b"), List.of("c", "d", "e"), Attribute.of("axis", 1));
    raisedEqual(graph(uneven, even, Node.of("Mul", List.of("a", "d"), List.of("y"))), 11);
  }

  @Test
  void dropoutStaysWithoutEffect() {
    Node dropout = Node.of("Dropout", List.of("x"), List.of("y"), Attribute.of("ratio", 0.4f));
    assertThat(raisedEqual(graph(dropout), 11).nodes("Dropout").get(0).inputs()).hasSize(2);
  }

  @Test
  void emptyTensorsOfResizeAreLeftOut() {
    Graph graph =
        graph(
            Node.of(
                "Resize",
                List.of("x", "none", "none", "sizes"),
                List.of("y"),
                Attribute.of("mode", "nearest")));
    graph.putInitializer(TensorData.ofFloats("none", Shape.of(0)));
    graph.putInitializer(TensorData.ofLongs("sizes", Shape.of(3), 2, 6, 8));
    Node raised = raisedEqual(graph, 11).nodes("Resize").get(0);
    assertThat(raised.inputs()).containsExactly("x", "", "", "sizes");
  }

  @Test
  void subgraphsAreRaisedToo() {
    Graph inner = new Graph("branch");
    inner.addOutput(ValueInfo.tensor("r", DataType.FLOAT32, (List<Dimension>) null));
    inner.add(
        Node.of("ReduceSum", List.of("x"), List.of("q"), Attribute.of("axes", new long[] {1})),
        Node.of("Softmax", List.of("q"), List.of("r")));
    Graph graph =
        graph(
            Node.of(
                "If",
                List.of("condition"),
                List.of("y"),
                Attribute.of("then_branch", inner),
                Attribute.of("else_branch", inner.copy())));
    graph.putInitializer(
        TensorData.of("condition", DataType.BOOL, Shape.scalar(), TensorData.littleEndian(1)));
    raisedEqual(graph, 11);
  }

  @Test
  void subgraphsOfOperatorsOfOtherDomainsAreRaisedToo() {
    Graph body = new Graph("body");
    body.add(Node.of("Squeeze", List.of("x"), List.of("s"), Attribute.of("axes", new long[] {0})));
    body.addOutput(ModelRuns.floats("s"));
    Graph graph = new Graph("search");
    graph.addInput(ModelRuns.floats("x"));
    graph.add(
        Node.of("com.microsoft", "Search", List.of("x"), List.of("y"), Attribute.of("body", body)));
    graph.addOutput(ModelRuns.floats("y"));
    assertThat(OpsetUpgrade.to13(ModelData.of(graph, 11))).isEmpty();
    assertThat(body.nodes().get(0).hasInput(1)).isTrue();
    assertThat(body.nodes().get(0).attribute("axes")).isNull();
  }

  @Test
  void anOperatorThatIsNotKnownRefusesAndChangesNothing() {
    ModelData model =
        ModelData.of(
            graph(
                Node.of("Squeeze", List.of("x"), List.of("s"), Attribute.of("axes", 0, 1)),
                Node.of("Upsample", List.of("s"), List.of("y")).named("up")),
            11);
    String before = model.toString();
    assertThat(OpsetUpgrade.to13(model))
        .singleElement()
        .asString()
        .contains("Upsample 'up'", "not known what it means in version 13");
    assertThat(model).hasToString(before);
  }

  @Test
  void aResizeModeThatIsGoneRefuses() {
    Node resize =
        Node.of(
            "Resize",
            List.of("x", "", "s"),
            List.of("y"),
            Attribute.of("coordinate_transformation_mode", "tf_half_pixel_for_nn"));
    assertThat(OpsetUpgrade.to13(ModelData.of(graph(resize), 11)))
        .singleElement()
        .asString()
        .contains("tf_half_pixel_for_nn");
  }

  @Test
  void olderModelsAreRefusedAndNewerOnesLeftAlone() {
    ModelData old = ModelData.of(graph(Node.of("Relu", List.of("x"), List.of("y"))), 9);
    assertThat(OpsetUpgrade.to13(old)).singleElement().asString().contains("version 9");
    ModelData young = ModelData.of(graph(Node.of("Relu", List.of("x"), List.of("y"))), 17);
    assertThat(OpsetUpgrade.to13(young)).isEmpty();
    assertThat(young.opset()).isEqualTo(17);
  }

  @Test
  void operatorsOfOtherDomainsAreNoObstacle() {
    Node gelu = Node.of("com.microsoft", "Gelu", List.of("x"), List.of("y"));
    ModelData model = ModelData.of(graph(gelu), 11);
    model.importOpset("com.microsoft", 1);
    assertThat(OpsetUpgrade.to13(model)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ch_PP-OCRv3_rec_infer",
        "ch_PP-OCRv4_rec_infer",
        "ch_PP-OCRv3_det_infer",
        "ch_PP-OCRv4_det_infer",
        "ch_ppocr_mobile_v2.0_cls_infer"
      })
  void realModelsGiveTheSameBits(String name) {
    ModelSource source =
        ModelSource.ofResource(OpsetUpgradeTest.class, "/models/" + name + ".onnx");
    ModelData before = ModelData.read(source);
    ModelData after = before.copy();
    assertThat(OpsetUpgrade.to13(after)).isEmpty();
    float[] pixels = new float[3 * 64 * 96];
    IntStream.range(0, pixels.length).forEach(i -> pixels[i] = (i * 7919 % 255) / 127.5f - 1);
    int height = name.contains("rec") ? 48 : 64;
    float[] cut = Arrays.copyOf(pixels, 3 * height * 96);
    try (Batch in = Batch.of("x", Tensor.of(cut, 1, 3, height, 96))) {
      assertThat(ModelRuns.run(after, Optimization.NONE, in))
          .isEqualTo(ModelRuns.run(before, Optimization.NONE, in));
    }
  }
}
