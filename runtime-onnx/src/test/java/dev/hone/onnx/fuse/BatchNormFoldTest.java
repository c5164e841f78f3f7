package dev.hone.onnx.fuse;

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
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Affine channels after convolutions, folded into their weights. */
class BatchNormFoldTest {
  private static final int INPUTS = 4;
  private static final float TOLERANCE = 1e-5f;

  private final Random random = new Random(3);
  private Graph graph = new Graph("none yet");
  private boolean constantNodes;

  @BeforeEach
  void emptyGraph() {
    graph = new Graph("net");
    Dimension any = Dimension.unknown();
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, any, Dimension.of(INPUTS), any, any));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, any, any, any, any));
  }

  private String constant(String name, float least, long... shape) {
    float[] values = new float[(int) Shape.of(shape).elementCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = least + random.nextFloat();
    }
    TensorData tensor = TensorData.ofFloats(name, Shape.of(shape), values);
    if (constantNodes) {
      graph.add(Node.of("Constant", List.of(), List.of(name), Attribute.of("value", tensor)));
    } else {
      graph.putInitializer(tensor);
    }
    return name;
  }

  private void conv(String op, int channels, int groups, boolean bias) {
    boolean transposed = op.equals("ConvTranspose");
    List<String> inputs = new ArrayList<>(List.of("x"));
    inputs.add(
        transposed
            ? constant("w", -0.5f, INPUTS, channels / groups, 3, 3)
            : constant("w", -0.5f, channels, INPUTS / groups, 3, 3));
    if (bias) {
      inputs.add(constant("b", -0.5f, channels));
    }
    graph.add(
        Node.of(
            op,
            inputs,
            List.of("c"),
            Attribute.of("group", groups),
            Attribute.of("pads", 1, 1, 1, 1)));
  }

  private void norm(int channels) {
    List<String> inputs = new ArrayList<>(List.of("c"));
    inputs.add(constant("scale", 0.5f, channels));
    inputs.add(constant("shift", -0.5f, channels));
    inputs.add(constant("mean", -0.5f, channels));
    inputs.add(constant("variance", 0.1f, channels));
    graph.add(Node.of("BatchNormalization", inputs, List.of("y"), Attribute.of("epsilon", 1e-3f)));
  }

  private ModelData verify(int foldings) {
    ModelData before = ModelData.of(graph, 12);
    ModelData after = before.copy();
    assertThat(BatchNormFold.apply(after)).isEqualTo(foldings);
    float[] x = new float[2 * INPUTS * 6 * 5];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    try (Batch in = Batch.of("x", Tensor.of(x, 2, INPUTS, 6, 5))) {
      float[] expected = ModelRuns.run(before, Optimization.NONE, in);
      assertThat(ModelRuns.run(after, Optimization.NONE, in))
          .containsExactly(expected, within(TOLERANCE));
      assertThat(ModelRuns.run(after, Optimization.ALL, in))
          .containsExactly(expected, within(TOLERANCE));
    }
    return after;
  }

  @ParameterizedTest
  @CsvSource({
    "Conv, 6, 1, false",
    "Conv, 6, 1, true",
    "Conv, 6, 2, true",
    "Conv, 4, 4, false",
    "ConvTranspose, 6, 1, true",
    "ConvTranspose, 6, 2, false",
    "ConvTranspose, 4, 4, true"
  })
  void batchNormalizationGoesIntoTheConvolution(String op, int channels, int groups, boolean bias) {
    conv(op, channels, groups, bias);
    norm(channels);
    ModelData after = verify(1);
    assertThat(after.graph().nodes()).hasSize(1);
    assertThat(after.graph().initializers()).hasSize(2);
  }

  @Test
  void weightsInConstantNodesAreFoundAndDoNotStay() {
    constantNodes = true;
    conv("Conv", 6, 1, true);
    norm(6);
    assertThat(verify(1).graph().nodes()).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource({
    "Add, 1x6x1x1, false",
    "Add, 6x1x1, true",
    "Mul, 1x6x1x1, true",
    "Mul, 1, false",
    "Sub, 6x1x1, false",
    "Sub, 6x1x1, true",
    "Div, 1x6x1x1, false"
  })
  void arithmeticWithAConstantForEachChannelGoesToo(String op, String shape, boolean swapped) {
    conv("Conv", 6, 1, false);
    long[] lengths = List.of(shape.split("x")).stream().mapToLong(Long::parseLong).toArray();
    String k = constant("k", 0.5f, lengths);
    graph.add(Node.of(op, swapped ? List.of(k, "c") : List.of("c", k), List.of("y")));
    assertThat(verify(1).graph().nodes()).hasSize(1);
  }

  @Test
  void aBiasBehindReshapeIsSeen() {
    conv("Conv", 6, 1, false);
    constant("k", 0.5f, 6);
    graph.putInitializer(TensorData.ofLongs("shape", Shape.of(4), 1, -1, 1, 1));
    graph.add(
        Node.of("Reshape", List.of("k", "shape"), List.of("r")),
        Node.of("Add", List.of("c", "r"), List.of("y")));
    assertThat(verify(1).graph().nodes()).hasSize(1);
  }

  @Test
  void aChainOfThemGoesAsAWhole() {
    conv("Conv", 6, 1, false);
    graph.add(
        Node.of("Mul", List.of("c", constant("k", 0.5f, 1, 6, 1, 1)), List.of("m")),
        Node.of("Add", List.of("m", constant("d", 0.5f, 1, 6, 1, 1)), List.of("a")),
        Node.of("Relu", List.of("a"), List.of("y")));
    assertThat(verify(2).graph().nodes()).extracting(Node::op).containsExactly("Conv", "Relu");
  }

  @Test
  void sharedWeightsStayAsTheyAreForTheOther() {
    conv("Conv", 4, 1, false);
    norm(4);
    graph.nodes("BatchNormalization").get(0).setOutput(0, "n");
    graph.add(Node.of("Conv", List.of("n", "w"), List.of("y"), Attribute.of("pads", 1, 1, 1, 1)));
    ModelData after = verify(1);
    assertThat(after.graph().initializer("w")).isNotNull();
  }

  @Test
  void anOutputThatIsUsedElsewhereIsLeftAlone() {
    conv("Conv", 4, 1, false);
    norm(4);
    graph.nodes("BatchNormalization").get(0).setOutput(0, "n");
    graph.add(Node.of("Add", List.of("c", "n"), List.of("y")));
    assertThat(verify(0).graph().nodes()).hasSize(3);
  }

  @Test
  void constantsThatVaryAlongOtherDimensionsAreLeftAlone() {
    conv("Conv", 6, 1, false);
    graph.add(Node.of("Add", List.of("c", constant("k", 0.5f, 5)), List.of("y")));
    verify(0);
  }

  @Test
  void aConstantDividedByTheOutputIsLeftAlone() {
    conv("Conv", 6, 1, false);
    graph.add(Node.of("Div", List.of(constant("k", 0.5f, 6, 1, 1), "c"), List.of("y")));
    ModelData model = ModelData.of(graph, 12);
    assertThat(BatchNormFold.apply(model)).isZero();
  }

  @Test
  void divisionByZeroIsLeftAlone() {
    conv("Conv", 6, 1, false);
    graph.putInitializer(TensorData.ofFloats("k", Shape.scalar(), 0));
    graph.add(Node.of("Div", List.of("c", "k"), List.of("y")));
    assertThat(BatchNormFold.apply(ModelData.of(graph, 12))).isZero();
  }

  @Test
  void parametersThatCallersMayOverrideAreLeftAlone() {
    conv("Conv", 6, 1, false);
    norm(6);
    graph.addInput(ValueInfo.tensor("mean", DataType.FLOAT32, Dimension.of(6)));
    assertThat(BatchNormFold.apply(ModelData.of(graph, 12))).isZero();
  }

  @Test
  void twoRunsWriteTheSameBytes() {
    conv("Conv", 6, 1, true);
    norm(6);
    ModelData one = ModelData.of(graph, 12);
    ModelData other = one.copy();
    BatchNormFold.apply(one);
    BatchNormFold.apply(other);
    assertThat(ModelRuns.bytes(one)).isEqualTo(ModelRuns.bytes(other));
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
  void realModelsKeepTheirAnswers(String name) {
    ModelSource source =
        ModelSource.ofResource(BatchNormFoldTest.class, "/models/" + name + ".onnx");
    ModelData before = ModelData.read(source);
    ModelData after = before.copy();
    assertThat(BatchNormFold.apply(after)).isPositive();
    assertThat(after.graph().nodes("BatchNormalization")).isEmpty();
    int height = name.contains("rec") ? 48 : 64;
    float[] pixels = new float[3 * height * 96];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = i * 7919 % 255 / 127.5f - 1;
    }
    try (Batch in = Batch.of("x", Tensor.of(pixels, 1, 3, height, 96))) {
      assertThat(ModelRuns.run(after, Optimization.ALL, in))
          .containsExactly(ModelRuns.run(before, Optimization.NONE, in), within(1e-4f));
    }
  }
}
