package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Precision;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.OnnxOptions;
import dev.hone.onnx.OnnxOptions.Optimization;
import dev.hone.onnx.Quantization;
import dev.hone.onnx.QuantizationReport;
import dev.hone.onnx.Quantizer;
import dev.hone.onnx.calibrate.Calibration;
import dev.hone.onnx.graph.Attribute;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.NodeChoice.Form;
import dev.hone.onnx.testing.ModelRuns;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Static INT8 of generated convolutional nets. */
class StaticConvTest {
  private static final int CHANNELS = 64;
  private static final int SIDE = 24;
  private static final double CLOSE_DB = 28;
  private static final double FAIRLY_CLOSE_DB = 24;

  private Random random = new Random(5);
  private Graph graph = new Graph("none yet");
  private float[] channelGain = new float[CHANNELS];

  @BeforeEach
  void emptyGraph() {
    random = new Random(5);
    graph = new Graph("net");
    channelGain = new float[CHANNELS];
    Arrays.fill(channelGain, 1);
    Dimension any = Dimension.unknown();
    Dimension channels = Dimension.of(CHANNELS);
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, any, channels, any, any));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, any, any, any, any));
  }

  /** A convolution without bias unless said otherwise. */
  private String conv(String from, String to, int side, int groups) {
    float[] weights = new float[CHANNELS * (CHANNELS / groups) * side * side];
    double spread = Math.sqrt(2.0 / (CHANNELS / groups * side * side));
    for (int i = 0; i < weights.length; i++) {
      int output = i / (weights.length / CHANNELS);
      weights[i] = (float) (random.nextGaussian() * spread) * channelGain[output];
    }
    float[] bias = new float[CHANNELS];
    IntStream.range(0, CHANNELS).forEach(c -> bias[c] = (float) random.nextGaussian() / 8);
    Shape shape = Shape.of(CHANNELS, CHANNELS / groups, side, side);
    graph.putInitializer(TensorData.ofFloats("w_" + to, shape, weights));
    graph.putInitializer(TensorData.ofFloats("b_" + to, Shape.of(CHANNELS), bias));
    int pad = side / 2;
    graph.add(
        Node.of(
                "Conv",
                List.of(from, "w_" + to, "b_" + to),
                List.of(to),
                Attribute.of("group", groups),
                Attribute.of("pads", pad, pad, pad, pad))
            .named("conv_" + to));
    return to;
  }

  /** Makes weights add up to 0: no output is nearly always 0 behind a Relu, all noise. */
  private String balanced(String to) {
    TensorData weights = Objects.requireNonNull(graph.initializer("w_" + to));
    float[] values = weights.toFloats();
    int each = values.length / CHANNELS;
    for (int from = 0; from < values.length; from += each) {
      double mean = 0;
      for (int i = from; i < from + each; i++) {
        mean += values[i] / each;
      }
      for (int i = from; i < from + each; i++) {
        values[i] -= (float) mean;
      }
    }
    graph.putInitializer(TensorData.ofFloats("w_" + to, weights.shape(), values));
    return to;
  }

  private String op(String op, String to, String... from) {
    graph.add(Node.of(op, List.of(from), List.of(to)));
    return to;
  }

  private Batch input() {
    float[] x = new float[2 * CHANNELS * SIDE * SIDE];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    return Batch.of("x", Tensor.of(x, 2, CHANNELS, SIDE, SIDE));
  }

  private Calibration calibrated(ModelData model) {
    List<Batch> data = List.of(input(), input(), input());
    try {
      Set<String> values = StaticConv.valuesToCalibrate(model);
      return Calibration.collect(model, values, data, ModelRuns::opener);
    } finally {
      data.forEach(Batch::close);
    }
  }

  private static double decibels(float[] exact, float[] close) {
    return SignalToNoise.decibels(exact, close);
  }

  /** Quantizes a copy, and fails unless it is close to the float model in every optimization. */
  private ModelData quantized(long opset, int integerConvolutions) {
    return quantized(opset, integerConvolutions, CLOSE_DB);
  }

  private ModelData quantized(long opset, int integerConvolutions, double closeDb) {
    ModelData before = ModelData.of(graph, opset);
    ModelData after = before.copy();
    List<NodeChoice> choices = StaticConv.apply(after, calibrated(before), Set.of());
    assertThat(choices).hasSameSizeAs(before.graph().nodes("Conv"));
    assertThat(choices)
        .filteredOn(choice -> choice.form() == Form.STATIC_INT8_IN_OUT)
        .hasSize(integerConvolutions)
        .allSatisfy(choice -> assertThat(choice.signalToNoiseDb()).isGreaterThan(CLOSE_DB));
    assertThat(optimized(after, "QLinearConv")).isEqualTo(integerConvolutions);
    try (Batch in = input()) {
      float[] exact = ModelRuns.run(before, Optimization.ALL, in);
      float[] kernels = ModelRuns.run(after, Optimization.ALL, in);
      assertThat(decibels(exact, kernels)).isGreaterThan(closeDb);
      float[] plain = ModelRuns.run(after, Optimization.NONE, in);
      assertThat(decibels(plain, kernels)).isGreaterThan(CLOSE_DB + 5);
    }
    return after;
  }

  private static int optimized(ModelData model, String op) {
    Graph optimized = ModelRuns.optimized(model).graph();
    return (int) optimized.nodes().stream().filter(node -> node.op().equals(op)).count();
  }

  @ParameterizedTest
  @ValueSource(longs = {11, 12, 13, 17, 21})
  void aResidualNetRunsOnBytesFromEndToEnd(long opset) {
    op("Relu", "r", conv("x", "a", 3, 1));
    op("Relu", "s", balanced(conv("r", "b", 1, 1)));
    op("Add", "t", conv("s", "c", 3, 1), "r");
    op("Relu", "u", "t");
    graph.add(
        Node.of(
            "MaxPool",
            List.of("u"),
            List.of("m"),
            Attribute.of("kernel_shape", 2, 2),
            Attribute.of("strides", 2, 2)));
    conv("m", "y", 1, 1);
    ModelData model = quantized(opset, 4);
    assertThat(model.opset()).isEqualTo(Math.max(opset, 13));
    assertThat(optimized(model, "QLinearAdd")).isEqualTo(1);
    assertThat(optimized(model, "QuantizeLinear")).isEqualTo(1);
    assertThat(optimized(model, "DequantizeLinear")).isEqualTo(1);
    assertThat(optimized(model, "Relu")).isZero();
    assertThat(optimized(model, "Conv")).isZero();
  }

  @Test
  void scalesOfChannelsAlwaysNameTheirAxis() {
    spreadGains();
    op("HardSwish", "h", conv("x", "a", 1, 1));
    conv("h", "y", 1, 1);
    ModelData model = quantized(14, 2);
    List<Node> conversions = new ArrayList<>(model.graph().nodes("DequantizeLinear"));
    conversions.addAll(model.graph().nodes("QuantizeLinear"));
    int perChannel = 0;
    for (Node node : conversions) {
      TensorData scale = model.graph().constant(node.input(1));
      boolean vector = scale != null && scale.shape().rank() == 1;
      perChannel += vector ? 1 : 0;
      assertThat(node.attribute("axis") != null).isEqualTo(vector);
    }
    assertThat(perChannel).isGreaterThan(4);
  }

  private void spreadGains() {
    for (int c = 0; c < CHANNELS; c++) {
      channelGain[c] = c % 4 == 0 ? 100 : c % 4 == 1 ? 0.05f : 1;
    }
  }

  @Test
  void channelsOfVeryDifferentRangeSurvive() {
    spreadGains();
    conv("x", "a", 1, 1);
    for (int c = 0; c < CHANNELS; c++) {
      channelGain[c] = 1;
    }
    String last = conv(op("Relu", "r", "a"), "y", 1, 1);
    // Small channels matter as much as large ones: the next weights undo the gains.
    TensorData weights = Objects.requireNonNull(graph.initializer("w_" + last));
    float[] undone = weights.toFloats();
    for (int i = 0; i < undone.length; i++) {
      int c = i % CHANNELS;
      undone[i] /= c % 4 == 0 ? 100 : c % 4 == 1 ? 0.05f : 1;
    }
    graph.putInitializer(TensorData.ofFloats("w_" + last, weights.shape(), undone));
    quantized(13, 2);
  }

  @Test
  void valuesUsedByFloatsTooAreReadOnce() {
    op("Sigmoid", "h", conv("x", "a", 3, 1));
    op("Mul", "s", "a", "h");
    conv("s", "y", 3, 1);
    ModelData model = quantized(13, 2);
    assertThat(optimized(model, "DequantizeLinear")).isEqualTo(2);
  }

  @Test
  void hardSwishBetweenConvolutionsRunsOnBytes() {
    op("HardSigmoid", "h", conv("x", "a", 3, 1));
    graph.nodes("HardSigmoid").get(0).put(Attribute.of("alpha", 1 / 6f));
    op("Mul", "s", "h", "a");
    conv("s", "y", 3, 1);
    ModelData model = quantized(13, 2);
    assertThat(optimized(model, "QLinearMul")).isEqualTo(1);
    assertThat(optimized(model, "QLinearAdd")).isEqualTo(1);
    assertThat(optimized(model, "HardSigmoid")).isZero();
    assertThat(optimized(model, "QuantizeLinear")).isEqualTo(1);
    assertThat(optimized(model, "DequantizeLinear")).isEqualTo(1);
  }

  /** ONNX Runtime makes one integer kernel of these and what is around them: it knows one scale. */
  @ParameterizedTest
  @ValueSource(strings = {"AveragePool", "LeakyRelu", "Sigmoid", "Softmax", "Mul", "Concat"})
  void floatOperatorsBetweenConvolutionsBearTheScalesOfChannels(String op) {
    conv("x", "a", 3, 1);
    boolean both = op.equals("Mul") || op.equals("Concat");
    if (both) {
      conv("x", "b", 3, 1);
    }
    Node node = Node.of(op, both ? List.of("a", "b") : List.of("a"), List.of("m"));
    if (op.equals("AveragePool")) {
      node.put(Attribute.of("kernel_shape", 2, 2));
    } else if (op.equals("Concat")) {
      node.put(Attribute.of("axis", 2L));
    }
    graph.add(node);
    conv("m", "y", 3, 1);

    quantized(17, both ? 3 : 2, FAIRLY_CLOSE_DB);
  }

  /**
   * What is added shares its scales, so that the greatest byte may stand for more than the clip.
   */
  @Test
  void clipsAroundASumKeepTheirCeilings() {
    graph.putInitializer(TensorData.ofFloats("zero", Shape.scalar(), 0f));
    graph.putInitializer(TensorData.ofFloats("one", Shape.scalar(), 1f));
    String clipped = op("Clip", "r", conv("x", "a", 3, 1), "zero", "one");
    Arrays.fill(channelGain, 2);
    op("Add", "t", conv(clipped, "b", 3, 1), clipped);
    Arrays.fill(channelGain, 1);
    conv(op("Clip", "u", "t", "zero", "one"), "y", 3, 1);

    quantized(13, 3, FAIRLY_CLOSE_DB);
  }

  @Test
  void aSwishBeforeAConvolutionThatOverflowsStaysInFloats() {
    op("HardSigmoid", "h", conv("x", "a", 3, 1));
    op("Mul", "s", "h", "a");
    conv("s", "y", 3, 1);
    TensorData weights = Objects.requireNonNull(graph.initializer("w_y"));
    float[] huge = new float[weights.toFloats().length];
    Arrays.fill(huge, Float.MAX_VALUE);
    graph.putInitializer(TensorData.ofFloats("w_y", weights.shape(), huge));
    ModelData model = ModelData.of(graph, 14);
    assertThat(StaticConv.apply(model, calibrated(model), Set.of()))
        .filteredOn(choice -> choice.node().equals("conv_y"))
        .singleElement()
        .satisfies(choice -> assertThat(choice.form()).isNotEqualTo(Form.STATIC_INT8_IN_OUT));
  }

  @Test
  void anEdgeFilterThatCannotBearTheNoiseStaysInFloats() {
    conv("x", "y", 1, 1);
    TensorData weights = Objects.requireNonNull(graph.initializer("w_y"));
    float[] values = new float[CHANNELS * CHANNELS];
    for (int c = 0; c < CHANNELS; c++) {
      values[c * CHANNELS + c] = 1;
      values[c * CHANNELS + (c + 1) % CHANNELS] = -1;
    }
    graph.putInitializer(TensorData.ofFloats("w_y", weights.shape(), values));
    graph.putInitializer(TensorData.ofFloats("b_y", Shape.of(CHANNELS), new float[CHANNELS]));
    ModelData model = ModelData.of(graph, 13);
    float[] even = new float[CHANNELS * SIDE * SIDE];
    for (int i = 0; i < even.length; i++) {
      even[i] = 1 + i % 100 * 1e-4f;
    }
    try (Batch data = Batch.of("x", Tensor.of(even, 1, CHANNELS, SIDE, SIDE))) {
      Set<String> watched = StaticConv.valuesToCalibrate(model);
      Calibration calibration =
          Calibration.collect(model, watched, List.of(data), ModelRuns::opener);
      assertThat(StaticConv.apply(model, calibration, Set.of()))
          .singleElement()
          .satisfies(choice -> assertThat(choice.reason()).contains("would cost too much"))
          .satisfies(choice -> assertThat(choice.form()).isEqualTo(Form.HALF_STORAGE));
    }
  }

  @Test
  void depthwiseConvolutionsStayInFloats() {
    op("Relu", "r", conv("x", "a", 3, CHANNELS));
    conv("r", "y", 3, CHANNELS);
    quantized(13, 0);
  }

  @Test
  void groupsAreKeptApart() {
    op("Relu", "r", conv("x", "a", 3, 2));
    conv("r", "y", 3, 2);
    quantized(13, 2);
  }

  @Test
  void aDeadChannelWithALargeBiasStaysExact() {
    conv("x", "y", 3, 1);
    TensorData weights = Objects.requireNonNull(graph.initializer("w_y"));
    float[] values = weights.toFloats();
    Arrays.fill(values, 0, values.length / CHANNELS, 1e-30f);
    graph.putInitializer(TensorData.ofFloats("w_y", weights.shape(), values));
    float[] bias = new float[CHANNELS];
    bias[0] = 1000;
    graph.putInitializer(TensorData.ofFloats("b_y", Shape.of(CHANNELS), bias));
    ModelData before = ModelData.of(graph, 13);
    ModelData after = before.copy();
    StaticConv.apply(after, calibrated(before), Set.of());
    try (Batch in = input()) {
      assertThat(ModelRuns.run(after, Optimization.ALL, in)[0]).isBetween(995f, 1005f);
    }
  }

  @Test
  void excludedNodesKeepTheirWeights() {
    op("Relu", "r", conv("x", "a", 3, 1));
    conv("r", "y", 3, 1);
    ModelData model = ModelData.of(graph, 13);
    Calibration calibration = calibrated(model);
    List<NodeChoice> choices = StaticConv.apply(model, calibration, Set.of("conv_a", "conv_y"));
    assertThat(choices).extracting(NodeChoice::form).containsOnly(Form.FLOAT);
    assertThat(choices).extracting(NodeChoice::reason).containsOnly("It was excluded.");
    assertThat(model.graph().nodes()).hasSize(3);
  }

  @Test
  void anOldOperatorThatCannotBeRaisedLeavesFloats() {
    conv(op("Relu", "r", conv("x", "a", 3, 1)), "y", 3, 1);
    ModelData model = ModelData.of(graph, 10);
    List<NodeChoice> choices = StaticConv.apply(model, calibrated(model), Set.of());
    assertThat(choices).extracting(NodeChoice::form).containsOnly(Form.HALF_STORAGE);
    assertThat(choices.get(0).reason()).contains("uses version 10");
    assertThat(model.opset()).isEqualTo(10);
    try (Batch in = input()) {
      assertThat(ModelRuns.run(model, Optimization.ALL, in)).doesNotContain(Float.NaN);
    }
  }

  @Test
  void weightsOfConvolutionsInFloatsAreStoredInBytesBesideSomeThatComputeInThem() {
    conv("x", "a", 7, CHANNELS);
    conv(conv("a", "b", 3, 1), "y", 3, 1);
    ModelData before = ModelData.of(graph, 12);
    ModelData after = before.copy();
    List<NodeChoice> choices = StaticConv.apply(after, calibrated(before), Set.of());
    assertThat(choices)
        .extracting(NodeChoice::form)
        .containsExactly(Form.WEIGHT_INT8, Form.STATIC_INT8_IN_OUT, Form.STATIC_INT8_IN_OUT);
    assertThat(after.parameterBytes()).isLessThan(before.parameterBytes() / 3);
    assertThat(optimized(after, "Cast")).isZero();
    try (Batch in = input()) {
      float[] exact = ModelRuns.run(before, Optimization.ALL, in);
      assertThat(decibels(exact, ModelRuns.run(after, Optimization.ALL, in))).isGreaterThan(28);
    }
  }

  @Test
  void whereNoConvolutionComputesInBytesWeightsAreStoredInHalves() {
    conv("x", "a", 7, CHANNELS);
    conv("a", "y", 7, CHANNELS);
    ModelData before = ModelData.of(graph, 12);
    ModelData after = before.copy();
    List<NodeChoice> choices = StaticConv.apply(after, calibrated(before), Set.of());
    assertThat(choices).extracting(NodeChoice::form).containsOnly(Form.HALF_STORAGE);
    assertThat(after.parameterBytes()).isBetween(1L, before.parameterBytes() * 6 / 10);
    assertThat(after.opset()).isEqualTo(12);
    assertThat(optimized(after, "Cast")).isZero();
    try (Batch in = input()) {
      float[] exact = ModelRuns.run(before, Optimization.ALL, in);
      assertThat(decibels(exact, ModelRuns.run(after, Optimization.ALL, in))).isGreaterThan(60);
    }
  }

  @Test
  void bytesThatSaveLittleOfTheTimeAreNotWorthTheirNoise() {
    String last = conv("x", "a", 3, 1);
    for (int i = 0; i < 40; i++) {
      last = conv(last, i == 39 ? "y" : "d" + i, 7, CHANNELS);
    }
    ModelData model = ModelData.of(graph, 13);
    List<NodeChoice> choices = StaticConv.apply(model, calibrated(model), Set.of());
    assertThat(choices).extracting(NodeChoice::form).containsOnly(Form.HALF_STORAGE);
    assertThat(choices.get(0).reason()).contains("of the time of all convolutions: too little");
  }

  @Test
  void aSmallConvolutionBesideALargeOneThatMustStayInFloatsIsNotWorthItsNoise() {
    conv("x", "edges", 7, 1);
    TensorData weights = Objects.requireNonNull(graph.initializer("w_edges"));
    float[] values = new float[(int) weights.shape().elementCount()];
    for (int c = 0; c < CHANNELS; c++) {
      values[(c * CHANNELS + c) * 49 + 24] = 1;
      values[(c * CHANNELS + (c + 1) % CHANNELS) * 49 + 24] = -1;
    }
    graph.putInitializer(TensorData.ofFloats("w_edges", weights.shape(), values));
    graph.putInitializer(TensorData.ofFloats("b_edges", Shape.of(CHANNELS), new float[CHANNELS]));
    op("Add", "y", "edges", conv("x", "small", 3, 1));
    ModelData model = ModelData.of(graph, 13);
    float[] even = new float[CHANNELS * SIDE * SIDE];
    for (int i = 0; i < even.length; i++) {
      even[i] = 1 + i % 100 * 1e-4f;
    }
    try (Batch data = Batch.of("x", Tensor.of(even, 1, CHANNELS, SIDE, SIDE))) {
      Set<String> watched = StaticConv.valuesToCalibrate(model);
      Calibration calibration =
          Calibration.collect(model, watched, List.of(data), ModelRuns::opener);
      List<NodeChoice> choices = StaticConv.apply(model, calibration, Set.of());
      assertThat(choices).extracting(NodeChoice::form).containsOnly(Form.HALF_STORAGE);
      assertThat(choices.get(0).reason()).contains("would cost too much");
      assertThat(choices.get(1).reason()).contains("of the time of all convolutions: too little");
    }
  }

  @Test
  void sparingTheConvolutionThatSavesMostLeavesTheOthersInBytes() {
    String last = conv(conv("x", "large", 5, 1), "small", 3, 1);
    for (int i = 0; i < 30; i++) {
      last = conv(last, i == 29 ? "y" : "d" + i, 7, CHANNELS);
    }
    ModelData model = ModelData.of(graph, 13);
    List<NodeChoice> choices = StaticConv.apply(model, calibrated(model), Set.of("conv_large"));
    assertThat(choices.get(0).reason()).isEqualTo("It was excluded.");
    assertThat(choices.get(1).form()).isEqualTo(Form.STATIC_INT8_IN_OUT);
  }

  private void fiveConvolutions() {
    String last = "x";
    for (int i = 0; i < 5; i++) {
      last = op("Relu", "r" + i, balanced(conv(last, "a" + i, 3, 1)));
    }
    conv(last, "y", 1, 1);
  }

  @Test
  void theConvolutionThatSuffersMostIsRankedFirst() {
    fiveConvolutions();
    ModelData model = ModelData.of(graph, 13);
    Calibration calibration = calibrated(model);
    List<NodeError> ranking = StaticConv.ranking(model, calibration, Set.of("conv_a1"));
    assertThat(ranking).extracting(NodeError::decibels).isSorted();
    List<NodeError> integers =
        StaticConv.apply(model, calibration, Set.of("conv_a1")).stream()
            .filter(choice -> choice.form() == Form.STATIC_INT8_IN_OUT)
            .map(choice -> new NodeError(choice.node(), choice.outputDb()))
            .toList();
    assertThat(ranking).hasSizeGreaterThan(2).containsExactlyInAnyOrderElementsOf(integers);
    assertThat(ranking).extracting(NodeError::node).doesNotContain("conv_a1");
  }

  private static QuantizationReport quantizedTo(double floor, ModelData model, List<Batch> data) {
    Quantization how = Quantization.builder().floor(floor, 0.5).evenIfSlower(true).build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .calibration(data)
            .threads(1)
            .runtime(OnnxOptions.builder().quantization(how).build())
            .build();
    return Quantizer.quantize(ModelRuns.model(model), options).report();
  }

  @Test
  void convolutionsAreSparedUntilTheFloorHolds() {
    fiveConvolutions();
    ModelData model = ModelData.of(graph, 13);
    List<Batch> data = List.of(input(), input(), input(), input());
    QuantizationReport all = quantizedTo(0.5, model, data);
    double reached = all.fidelity().orElseThrow().meanCosine();
    double floor = reached + (1 - reached) * 0.3;
    QuantizationReport fewer = quantizedTo(floor, model, data);
    data.forEach(Batch::close);
    assertThat(fewer.fidelity().orElseThrow().meanCosine()).isGreaterThanOrEqualTo(floor);
    assertThat(fewer.nodesByForm().get("STATIC_INT8_IN_OUT"))
        .isPositive()
        .isLessThan(all.nodesByForm().get("STATIC_INT8_IN_OUT"));
  }

  @Test
  void transposedConvolutionsStayInFloats() {
    conv("x", "a", 3, 1);
    graph.add(Node.of("ConvTranspose", List.of("a", "w_a"), List.of("y")));
    ModelData model = quantized(13, 1);
    assertThat(model.graph().nodes("ConvTranspose").get(0).input(1)).isEqualTo("w_a");
  }

  @Test
  void sharedWeightsGetTwoSetsOfIntegers() {
    op("Relu", "r", conv("x", "a", 3, 1));
    graph.add(
        Node.of("Conv", List.of("r", "w_a", "b_a"), List.of("y"), Attribute.of("pads", 1, 1, 1, 1))
            .named("again"));
    quantized(13, 2);
  }

  @Test
  void aModelWithoutConvolutionsIsNotTouched() {
    op("Relu", "y", "x");
    ModelData model = ModelData.of(graph, 11);
    byte[] before = ModelRuns.bytes(model);
    assertThat(StaticConv.valuesToCalibrate(model)).isEmpty();
    assertThat(StaticConv.apply(model, value -> null, 1, Set.of())).isEmpty();
    assertThat(ModelRuns.bytes(model)).isEqualTo(before);
  }

  @Test
  void withoutRangesFloatsStay() {
    conv("x", "y", 3, 1);
    ModelData model = ModelData.of(graph, 13);
    assertThat(StaticConv.apply(model, value -> null, 1, Set.of()))
        .singleElement()
        .satisfies(choice -> assertThat(choice.reason()).contains("No finite range of 'x'"));
  }

  @Test
  void twoRunsWriteTheSameBytes() {
    op("HardSigmoid", "h", conv("x", "a", 3, 1));
    op("Mul", "s", "a", "h");
    op("Add", "t", conv("s", "b", 3, 1), "s");
    conv("t", "y", 1, 1);
    ModelData one = ModelData.of(graph, 13);
    ModelData other = one.copy();
    Calibration calibration = calibrated(one);
    StaticConv.apply(one, calibration, Set.of());
    StaticConv.apply(other, calibration, Set.of());
    assertThat(ModelRuns.bytes(one)).isEqualTo(ModelRuns.bytes(other));
  }

  @Test
  void weightsThatAreNoNumbersStayAndAreTold() {
    conv(op("Relu", "r", conv("x", "a", 3, 1)), "y", 1, 1);
    TensorData weights = Objects.requireNonNull(graph.initializer("w_y"));
    float[] damaged = weights.toFloats();
    damaged[7] = Float.POSITIVE_INFINITY;
    graph.putInitializer(TensorData.ofFloats("w_y", weights.shape(), damaged));
    ModelData model = ModelData.of(graph, 13);
    List<NodeChoice> choices = StaticConv.apply(model, calibrated(model), Set.of());
    assertThat(choices)
        .contains(NodeChoice.left("conv_y", "Conv", "Its weights hold infinite elements or NaN."));
    assertThat(model.graph().constant("w_y")).isNotNull();
  }
}
