package dev.hone.onnx.quantize;

import static dev.hone.onnx.quantize.DenseGraphs.INNER;
import static dev.hone.onnx.quantize.DenseGraphs.OUTPUTS;
import static dev.hone.onnx.quantize.DenseGraphs.answer;
import static dev.hone.onnx.quantize.DenseGraphs.calibrate;
import static dev.hone.onnx.quantize.DenseGraphs.node;
import static dev.hone.onnx.quantize.DenseGraphs.quantized;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import dev.hone.onnx.quantize.StaticDense.Fidelity;
import dev.hone.onnx.testing.ModelRuns;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StaticDenseTest {
  private static final float[] X = ChannelQuantizerTest.gaussian(40 * INNER, 5);

  private static TensorData initializer(ModelData model, String name) {
    return Objects.requireNonNull(model.graph().initializer(name), name);
  }

  private static List<String> operators(ModelData model) {
    return model.graph().nodes().stream().map(Node::op).toList();
  }

  private static byte[] bytes(TensorData tensor) {
    byte[] bytes = new byte[(int) tensor.byteSize()];
    tensor.bytes().get(bytes);
    return bytes;
  }

  /** Both ways of running agree with each other to the last bits, and with the floats closely. */
  private static void agrees(ModelData model, double leastDecibels, long... shape) {
    ModelData small = quantized(model, X, shape);
    float[] exact = answer(model, Optimization.ALL, X, shape);
    float[] plain = answer(small, Optimization.NONE, X, shape);
    float[] fused = answer(small, Optimization.ALL, X, shape);
    assertThat(SignalToNoise.decibels(exact, plain)).isGreaterThan(leastDecibels);
    assertThat(SignalToNoise.decibels(plain, fused)).isGreaterThan(100);
  }

  @Test
  void aMatMulBecomesOneIntegerProduct() {
    ModelData small = quantized(DenseGraphs.matMul(13), X, 40, INNER);
    assertThat(operators(small)).containsExactly("QuantizeLinear", "MatMulIntegerToFloat");
    assertThat(small.graph().nodes().get(1).name()).isEqualTo("product");
    assertThat(small.graph().initializer("w")).isNull();
    agrees(DenseGraphs.matMul(13), 35, 40, INNER);
    agrees(DenseGraphs.matMul(13), 35, 5, 8, INNER);
  }

  @Test
  void weightsAndScalesAreThoseOfTheFormulas() {
    ModelData small = quantized(DenseGraphs.matMul(13), X, 40, INNER);
    float lo = X[0];
    float hi = X[0];
    for (float x : X) {
      lo = Math.min(lo, x);
      hi = Math.max(hi, x);
    }
    double scale = ((double) hi - lo) / 255;
    assertThat(initializer(small, "x_scale").toFloats()).containsExactly((float) scale);
    assertThat(bytes(initializer(small, "x_zero_point")))
        .containsExactly((byte) Math.rint(-lo / scale));
    float[] weights = initializer(DenseGraphs.matMul(13), "w").toFloats();
    float[] scales = initializer(small, "w_scale").toFloats();
    byte[] integers = bytes(initializer(small, "w_quantized"));
    for (int j = 0; j < OUTPUTS; j++) {
      float reach = 0;
      for (int i = 0; i < INNER; i++) {
        reach = Math.max(reach, Math.abs(weights[i * OUTPUTS + j]));
      }
      assertThat(scales[j]).isEqualTo((float) (2.0 * reach / 254));
      for (int i = 0; i < INNER; i++) {
        int k = i * OUTPUTS + j;
        assertThat((int) integers[k]).isEqualTo((int) Math.rint(weights[k] / scales[j]));
      }
    }
  }

  @Test
  void theErrorStaysBelowTheBound() {
    ModelData model = DenseGraphs.matMul(13);
    float[] exact = answer(model, Optimization.ALL, X, 40, INNER);
    ModelData small = quantized(model, X, 40, INNER);
    float[] got = answer(small, Optimization.ALL, X, 40, INNER);
    float s = initializer(small, "x_scale").toFloats()[0];
    float[] t = initializer(small, "w_scale").toFloats();
    float[] w = initializer(model, "w").toFloats();
    for (int row = 0; row < 40; row++) {
      for (int j = 0; j < OUTPUTS; j++) {
        double bound = INNER * s * t[j] / 4 + 1e-5;
        for (int i = 0; i < INNER; i++) {
          bound += s * Math.abs(w[i * OUTPUTS + j]); // a whole step: the zero point is rounded too
          bound += t[j] / 2 * Math.abs(X[row * INNER + i]);
        }
        int k = row * OUTPUTS + j;
        assertThat(Math.abs(exact[k] - got[k])).isLessThan((float) bound);
      }
    }
  }

  @Test
  void aBiasGoesIntoTheProductOnWhicheverSideItIsAdded() {
    for (boolean first : new boolean[] {false, true}) {
      ModelData small = quantized(DenseGraphs.matMulAdd(first), X, 40, INNER);
      assertThat(operators(small)).containsExactly("QuantizeLinear", "MatMulIntegerToFloat");
      agrees(DenseGraphs.matMulAdd(first), 35, 40, INNER);
    }
  }

  @Test
  void aBiasOfAProductThatOthersReadStaysApart() {
    ModelData model = DenseGraphs.matMulAdd(false);
    model.graph().addOutput(ValueInfo.tensor("xw", DataType.FLOAT32));
    ModelData small = quantized(model, X, 40, INNER);
    assertThat(operators(small)).containsExactly("QuantizeLinear", "MatMulIntegerToFloat", "Add");
  }

  @Test
  void gemmKeepsItsFactorsAndItsBias() {
    agrees(DenseGraphs.gemm(OUTPUTS), 35, 40, INNER);
    agrees(DenseGraphs.gemm(1, OUTPUTS), 35, 40, INNER);
    agrees(DenseGraphs.gemm(1), 35, 40, INNER);
    assertThat(operators(quantized(DenseGraphs.gemm(OUTPUTS), X, 40, INNER)))
        .containsExactly("QuantizeLinear", "MatMulIntegerToFloat");
  }

  @Test
  void attentionBecomesIntegerAttention() {
    ModelData small = quantized(DenseGraphs.attention(), X, 4, 10, INNER);
    assertThat(operators(small)).containsExactly("QuantizeLinear", "QAttention");
    agrees(DenseGraphs.attention(), 30, 4, 10, INNER);
    agrees(DenseGraphs.attention(Attribute.of("unidirectional", 1)), 30, 4, 10, INNER);
    agrees(DenseGraphs.attention(Attribute.of("scale", 0.7f)), 30, 4, 10, INNER);
  }

  @Test
  void masksMeanTheSame() {
    float[] x = ChannelQuantizerTest.gaussian(2 * 10 * INNER, 3);
    int[] rows = new int[20];
    int[] squares = new int[200];
    for (int i = 0; i < squares.length; i++) {
      squares[i] = i % 10 <= i / 10 % 10 ? 1 : 0;
      rows[i / 10] = i / 10 % 10 < 7 ? 1 : 0;
    }
    List<Tensor> masks =
        List.of(
            Tensor.of(new int[] {7, 10}, 2), Tensor.of(rows, 2, 10), Tensor.of(squares, 2, 10, 10));
    for (Tensor mask : masks) {
      ModelData model = DenseGraphs.attention();
      withInput(model, "mask", DataType.INT32, 3);
      try (Batch in = Batch.of("x", Tensor.of(x, 2, 10, INNER), "mask", mask)) {
        assertThat(decibels(model, in)).isGreaterThan(30);
      }
    }
  }

  @Test
  void attentionThatTheIntegerFormCannotDoIsProjectedInIntegers() {
    float[] x = ChannelQuantizerTest.gaussian(2 * 10 * INNER, 3);
    float[] bias = ChannelQuantizerTest.gaussian(DenseGraphs.HEADS * 100, 4);
    for (long opset : new long[] {11, 13, 18}) {
      ModelData model = DenseGraphs.attention(opset, Attribute.of("scale", 0.3f));
      withInput(model, "positions", DataType.FLOAT32, 5);
      Batch in =
          Batch.of(
              "x",
              Tensor.of(x, 2, 10, INNER),
              "positions",
              Tensor.of(bias, 1, DenseGraphs.HEADS, 10, 10));
      try (in) {
        assertThat(decibels(model, in)).isGreaterThan(30);
      }
    }
  }

  private static void withInput(ModelData model, String name, DataType type, int index) {
    model.graph().addInput(ValueInfo.tensor(name, type, (List<Dimension>) null));
    model.graph().nodes().get(0).setInput(index, name);
  }

  private static double decibels(ModelData model, Batch in) {
    Calibration calibration =
        Calibration.collect(
            model, StaticDense.valuesToCalibrate(model), List.of(in), ModelRuns::opener);
    ModelData small = model.copy();
    NodeChoice choice = StaticDense.apply(small, calibration, Set.of()).get(0);
    assertThat(choice.form()).isEqualTo(NodeChoice.Form.STATIC_INT8);
    return SignalToNoise.decibels(
        ModelRuns.run(model, Optimization.ALL, in), ModelRuns.run(small, Optimization.ALL, in));
  }

  @Test
  void productsOfOneInputShareItsIntegers() {
    Graph graph = DenseGraphs.graph();
    for (String name : List.of("q", "k", "v")) {
      DenseGraphs.weights(graph, "w" + name, name.charAt(0), INNER, OUTPUTS);
      graph.add(node("MatMul", name, List.of("x", "w" + name)));
    }
    graph.add(node("Sum", "y", List.of("q", "k", "v")));
    ModelData model = ModelData.of(graph, 13);
    assertThat(operators(quantized(model, X, 40, INNER)))
        .containsExactly(
            "QuantizeLinear",
            "MatMulIntegerToFloat",
            "MatMulIntegerToFloat",
            "MatMulIntegerToFloat",
            "Sum");
    agrees(model, 35, 40, INNER);
  }

  @Test
  void anOldModelGetsTheQuantizerThatItsOpsetLacks() {
    ModelData small = quantized(DenseGraphs.matMul(9), X, 40, INNER);
    assertThat(small.graph().nodes().get(0).domain()).isEqualTo("com.microsoft");
    assertThat(small.opset()).isEqualTo(9);
    agrees(DenseGraphs.matMul(9), 35, 40, INNER);
  }

  @Test
  void aRowHasTheSameBitsInEveryBatch() {
    for (ModelData model : List.of(DenseGraphs.matMulAdd(false), DenseGraphs.attention())) {
      ModelData small = quantized(model, X, 4, 10, INNER);
      float[] many = ChannelQuantizerTest.gaussian(32 * 10 * INNER, 9);
      float[] together = answer(small, Optimization.ALL, many, 32, 10, INNER);
      int width = together.length / 32;
      for (int row : new int[] {0, 17, 31}) {
        float[] one = Arrays.copyOfRange(many, row * 10 * INNER, (row + 1) * 10 * INNER);
        float[] alone = answer(small, Optimization.ALL, one, 1, 10, INNER);
        assertThat(alone).isEqualTo(Arrays.copyOfRange(together, row * width, (row + 1) * width));
      }
    }
  }

  @Test
  void whatCallersCanOverrideOrNobodyKnowsStaysFloat() {
    ModelData overridable = DenseGraphs.matMul(13);
    overridable.graph().addInput(ValueInfo.tensor("w", DataType.FLOAT32));
    assertThat(reason(overridable)).contains("callers can override");
    Graph graph = DenseGraphs.graph();
    graph.add(node("MatMul", "y", List.of("x", "x")));
    assertThat(reason(ModelData.of(graph, 13))).contains("two computed values");
  }

  @Test
  void aSmallProductIsNotWorthIt() {
    Graph graph = DenseGraphs.graph();
    DenseGraphs.weights(graph, "w", 1, 16, 4);
    graph.add(node("MatMul", "y", List.of("x", "w")));
    assertThat(reason(ModelData.of(graph, 13))).contains("16 x 4").contains("too small");
  }

  @Test
  void theBoundForSmallProductsCanBeMoved() {
    Graph graph = DenseGraphs.graph();
    DenseGraphs.weights(graph, "w", 1, 16, 4);
    graph.add(node("MatMul", "y", List.of("x", "w")));
    ModelData model = ModelData.of(graph, 13);
    Set<String> values = StaticDense.valuesToCalibrate(model, 64);
    assertThat(values).containsExactly("x");
    try (Batch in = Batch.of("x", Tensor.of(Arrays.copyOf(X, 160), 10, 16))) {
      Calibration seen = Calibration.collect(model, values, List.of(in), ModelRuns::opener);
      assertThat(StaticDense.apply(model, seen, Set.of(), Fidelity.CLOSE, 64))
          .extracting(NodeChoice::form)
          .containsExactly(NodeChoice.Form.STATIC_INT8);
    }
  }

  /** Why the only product of a model is left, with no calibration at all. */
  private static String reason(ModelData model) {
    List<NodeChoice> choices = StaticDense.apply(model.copy(), none(), Set.of());
    assertThat(choices).hasSize(1);
    assertThat(choices.get(0).form()).isEqualTo(NodeChoice.Form.FLOAT);
    assertThat(StaticDense.valuesToCalibrate(model)).isEmpty();
    return choices.get(0).reason();
  }

  private static Calibration none() {
    ModelData model = DenseGraphs.matMul(13);
    try (Batch batch = Batch.of("x", Tensor.of(new float[INNER], 1, INNER))) {
      return Calibration.collect(model, Set.of(), List.of(batch), ModelRuns::opener);
    }
  }

  @Test
  void aProductIsLeftWithoutDataForIt() {
    ModelData model = DenseGraphs.matMul(13);
    byte[] before = ModelRuns.bytes(model);
    assertThat(StaticDense.apply(model, none(), Set.of()).get(0).reason())
        .isEqualTo("Its input 'x' was not calibrated.");
    Calibration constant = calibrate(model, new float[INNER], 1, INNER);
    assertThat(StaticDense.apply(model, constant, Set.of()).get(0).reason())
        .isEqualTo("Its input never changed for the calibration data.");
    Calibration good = calibrate(model, X, 40, INNER);
    assertThat(StaticDense.apply(model, good, Set.of("product")).get(0).reason())
        .isEqualTo("It is excluded.");
    assertThat(ModelRuns.bytes(model)).isEqualTo(before);
  }

  @Test
  void aQuantizedModelIsLeftAlone() {
    ModelData small = quantized(DenseGraphs.matMul(13), X, 40, INNER);
    byte[] once = ModelRuns.bytes(small);
    List<NodeChoice> choices = StaticDense.apply(small, none(), Set.of());
    assertThat(choices).hasSize(1);
    assertThat(choices.get(0).reason()).isEqualTo("It is quantized already.");
    assertThat(ModelRuns.bytes(small)).isEqualTo(once);
  }

  @Test
  void aSharedWeightStaysForItsOtherUser() {
    ModelData model = DenseGraphs.matMul(13);
    model.graph().addOutput(ValueInfo.tensor("z", DataType.FLOAT32));
    model.graph().add(node("Neg", "z", List.of("w")));
    ModelData small = quantized(model, X, 40, INNER);
    assertThat(initializer(small, "w").toFloats()).isEqualTo(initializer(model, "w").toFloats());
    assertThat(operators(small)).contains("MatMulIntegerToFloat", "Neg");
  }

  @Test
  void twoRunsWriteTheSameBytes() {
    assertThat(ModelRuns.bytes(quantized(DenseGraphs.attention(), X, 4, 10, INNER)))
        .isEqualTo(ModelRuns.bytes(quantized(DenseGraphs.attention(), X, 4, 10, INNER)));
  }

  @Test
  void theChoiceTellsTheErrorOfTheWeights() {
    ModelData model = DenseGraphs.matMul(13);
    List<NodeChoice> choices = StaticDense.apply(model, calibrate(model, X, 40, INNER), Set.of());
    float[] weights = initializer(DenseGraphs.matMul(13), "w").toFloats();
    QuantizedMatrix matrix =
        ChannelQuantizer.symmetric(weights, OUTPUTS, Granularity.COLUMN, Grid.INT8_SYMMETRIC);
    assertThat(choices).hasSize(1);
    assertThat(choices.get(0).form()).isEqualTo(NodeChoice.Form.STATIC_INT8);
    assertThat(choices.get(0).node()).isEqualTo("product");
    assertThat(choices.get(0).signalToNoiseDb())
        .isEqualTo(SignalToNoise.decibels(weights, matrix.dequantize()));
  }

  @Test
  void theChoiceTellsTheErrorOfTheOutputsAsARunShowsIt() {
    ModelData model = DenseGraphs.matMul(13);
    ModelData small = model.copy();
    Calibration calibration = calibrate(model, X, 40, INNER);
    double expected = StaticDense.apply(small, calibration, Set.of()).get(0).outputDb();
    double measured =
        SignalToNoise.decibels(
            answer(model, Optimization.ALL, X, 40, INNER),
            answer(small, Optimization.ALL, X, 40, INNER));
    assertThat(expected).isCloseTo(measured, within(1.5));
    assertThat(StaticDense.ranking(model, calibration, Fidelity.CLOSE))
        .containsExactly(new NodeError("product", expected));
  }

  @Test
  void aBiasOfNoDimensionIsOneNumber() {
    Graph graph = DenseGraphs.graph();
    DenseGraphs.weights(graph, "w", 1, INNER, 1);
    DenseGraphs.weights(graph, "b", 2);
    graph.add(node("Gemm", "y", List.of("x", "w", "b")));
    ModelData model = ModelData.of(graph, 13);
    assertThat(DenseNode.objection(graph, graph.nodes().get(0), DenseNode.Kind.GEMM)).isNull();
    agrees(model, 30, 40, INNER);
  }
}
