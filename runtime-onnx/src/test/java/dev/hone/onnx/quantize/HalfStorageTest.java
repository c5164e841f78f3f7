package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.ModelSource;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Constants;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.MiniLm;
import dev.hone.onnx.testing.ModelRuns;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HalfStorageTest {
  private static final int COUNT = 600;

  private static ModelData model(float[] weights) {
    Graph graph = new Graph("sum");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of(COUNT)));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(COUNT), weights));
    graph.add(Node.of("Add", List.of("x", "w"), List.of("y")));
    graph.addOutput(ModelRuns.floats("y"));
    return ModelData.of(graph, 13);
  }

  private static float[] stored(float[] weights) {
    ModelData model = model(weights);
    assertThat(HalfStorage.apply(model, Set.of()))
        .singleElement()
        .extracting(NodeChoice::form)
        .isEqualTo(Form.HALF_STORAGE);
    try (Batch in = Batch.of("x", Tensor.of(new float[COUNT], COUNT))) {
      float[] sums = ModelRuns.run(model, in);
      assertThat(ModelRuns.run(model, Optimization.NONE, in)).isEqualTo(sums);
      return sums;
    }
  }

  private static String whyLeft(ModelData model) {
    List<NodeChoice> choices = HalfStorage.apply(model, Set.of());
    assertThat(choices).singleElement().extracting(NodeChoice::form).isEqualTo(Form.FLOAT);
    assertThat(model.graph().nodes()).extracting(Node::op).doesNotContain("Cast");
    return choices.get(0).reason();
  }

  @Test
  void ordinaryWeightsAreRoundedByAtMostTwoToTheMinusEleventh() {
    float[] weights = ChannelQuantizerTest.gaussian(COUNT, 4);
    float[] back = stored(weights);
    for (int i = 0; i < COUNT; i++) {
      assertThat(back[i]).isCloseTo(weights[i], within(Math.abs(weights[i]) * 0x1p-11f + 0x1p-25f));
    }
  }

  @Test
  void nothingButZeroBecomesZero() {
    float[] weights = new float[COUNT];
    weights[0] = 1e-30f;
    weights[1] = -1e-30f;
    weights[2] = -0f;
    weights[3] = 0x1p-24f;
    assertThat(stored(weights)).startsWith(0x1p-24f, -0x1p-24f, 0, 0x1p-24f);
  }

  @Test
  void infiniteElementsStayInfinite() {
    float[] weights = new float[COUNT];
    weights[0] = Float.POSITIVE_INFINITY;
    weights[1] = Float.NEGATIVE_INFINITY;
    weights[2] = Float.NaN;
    weights[3] = 65504;
    assertThat(stored(weights))
        .startsWith(Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.NaN, 65504);
  }

  @Test
  void anElementBeyondTheHalvesKeepsItsTensorAsItIs() {
    float[] weights = new float[COUNT];
    weights[7] = -70_000;
    assertThat(whyLeft(model(weights)))
        .isEqualTo("Its element -70000.0 is beyond the half-precision floats.");
  }

  @Test
  void whatCallersSeeOrOverrideStays() {
    ModelData overridable = model(new float[COUNT]);
    overridable.graph().addInput(ValueInfo.tensor("w", DataType.FLOAT32, Dimension.of(COUNT)));
    assertThat(whyLeft(overridable)).isEqualTo("It is an input that callers can override.");
    ModelData shown = model(new float[COUNT]);
    shown.graph().addOutput(ModelRuns.floats("w"));
    assertThat(whyLeft(shown)).isEqualTo("It is also an output of the model.");
  }

  @Test
  void aLiftedWeightIsFoundAndASubgraphStillSeesIt() {
    ModelData model = model(new float[COUNT]);
    Graph graph = model.graph();
    graph.removeInitializer("w");
    TensorData weights =
        TensorData.ofFloats("", Shape.of(COUNT), ChannelQuantizerTest.gaussian(COUNT, 4));
    Node constant = Node.of("Constant", List.of(), List.of("w"), Attribute.of("value", weights));
    graph.remove(graph.nodes().get(0));
    graph.putInitializer(
        TensorData.of("yes", DataType.BOOL, Shape.scalar(), TensorData.littleEndian(1)));
    graph.add(
        constant,
        Node.of(
            "If",
            List.of("yes"),
            List.of("y"),
            Attribute.of("then_branch", branch("Add")),
            Attribute.of("else_branch", branch("Sub"))));
    ModelData before = model.copy();
    Constants.lift(graph);
    assertThat(HalfStorage.apply(model, Set.of()))
        .extracting(NodeChoice::form)
        .contains(Form.HALF_STORAGE);
    try (Batch in = Batch.of("x", Tensor.of(new float[COUNT], COUNT))) {
      float[] exact = ModelRuns.run(before, in);
      assertThat(SignalToNoise.decibels(exact, ModelRuns.run(model, in))).isGreaterThan(65);
    }
  }

  @Test
  void theWeightsOfExcludedNodesStay() {
    ModelData model = model(ChannelQuantizerTest.gaussian(COUNT, 4));
    byte[] before = ModelRuns.bytes(model);
    assertThat(HalfStorage.apply(model, Set.of("y")))
        .containsExactly(NodeChoice.left("w", "Weight", "'y', which uses it, was excluded."));
    assertThat(ModelRuns.bytes(model)).isEqualTo(before);
  }

  private static Graph branch(String op) {
    Graph branch = new Graph(op);
    branch.add(Node.of(op, List.of("x", "w"), List.of("inner_" + op)));
    branch.addOutput(ModelRuns.floats("inner_" + op));
    return branch;
  }

  @Test
  void aSecondTimeChangesNothing() {
    ModelData model = model(ChannelQuantizerTest.gaussian(COUNT, 4));
    HalfStorage.apply(model, Set.of());
    byte[] once = ModelRuns.bytes(model);
    assertThat(HalfStorage.apply(model, Set.of())).isEmpty();
    assertThat(ModelRuns.bytes(model)).isEqualTo(once);
  }

  @Test
  void aTransformerTakesHalfItsBytes() {
    ModelData model =
        ModelData.read(ModelSource.ofResource(HalfStorageTest.class, MiniLm.RESOURCE));
    long before = ModelRuns.bytes(model).length;
    HalfStorage.apply(model, Set.of());
    assertThat(ModelRuns.bytes(model).length).isLessThan((int) (0.51 * before));
  }

  @Test
  void weightsThatOldFilesListAmongTheInputsAreStoredInHalvesToo() {
    ModelData model = model(ChannelQuantizerTest.gaussian(COUNT, 4));
    model.graph().addInput(ValueInfo.tensor("w", DataType.FLOAT32, Dimension.of(COUNT)));
    byte[] bytes = ModelRuns.bytes(model);
    assertThat(bytes[0]).isEqualTo((byte) 8); // the field of the IR version
    bytes[1] = 3; // where every initializer must be an input, and none can be overridden
    ModelData old = ModelData.read(ModelSource.of(bytes));
    assertThat(HalfStorage.apply(old, Set.of()))
        .singleElement()
        .extracting(NodeChoice::form)
        .isEqualTo(Form.HALF_STORAGE);
    assertThat(old.signature().inputNames()).containsExactly("x");
    try (Batch in = Batch.of("x", Tensor.of(new float[COUNT], COUNT))) {
      assertThat(ModelRuns.run(old, in)).hasSize(COUNT);
    }
  }
}
