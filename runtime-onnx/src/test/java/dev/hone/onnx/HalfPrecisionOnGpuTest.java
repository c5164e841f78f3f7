package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Device;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.onnx.calibrate.ModelRunner;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import dev.hone.onnx.quantize.SignalToNoise;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * FP16 where a GPU was asked for. The GPU is a fake: the rewritten model runs on the processor,
 * which rounds to half precision between the nodes as a GPU does.
 */
@ExtendWith(NoLeaks.class)
class HalfPrecisionOnGpuTest {
  private static final int WIDTH = TwoLayers.WIDTH;

  private Path folder;
  private List<Batch> examples;

  @BeforeEach
  void make(@TempDir Path temporary) {
    folder = temporary;
    examples = TwoLayers.examples(12, 100);
  }

  @AfterEach
  void close() {
    examples.forEach(Batch::close);
  }

  private SessionOptions options(Device device, UnaryOperator<Quantization.Builder> more) {
    Quantization quantization =
        more.apply(Quantization.builder().cacheFolder(folder.resolve("cache"))).build();
    return SessionOptions.builder()
        .device(device)
        .precision(Precision.FP16)
        .threads(1)
        .calibration(examples)
        .runtime(OnnxOptions.builder().quantization(quantization).build())
        .build();
  }

  private SessionOptions options(Device device) {
    return options(device, builder -> builder);
  }

  /** Opens as on a GPU, but for the provider. */
  private static Session open(OnnxModel model, SessionOptions options) {
    return new Placing(
            options.precision(),
            Optional.of(FakeGpu.ready()),
            Optional.empty(),
            placement ->
                OnnxSession.open(
                    model,
                    options,
                    StandardPasses.INSTANCE,
                    new Placement(placement.device(), null, null, placement.notes())))
        .open(options.device());
  }

  /** A model whose first two layers compute beyond the halves, and whose third does not. */
  private static OnnxModel beyondTheHalves() {
    ModelData data = TwoLayers.data();
    Graph graph = data.graph();
    scale(graph, "A", 1e4f);
    scale(graph, "B", 1e-6f);
    for (Node node : graph.nodes()) {
      if (node.name().equals("second")) {
        node.setOutput(0, "h2");
      }
    }
    graph.add(Node.of("MatMul", List.of("h2", "C"), List.of("y")).named("third"));
    TensorData weights = Objects.requireNonNull(graph.initializer("A"));
    graph.putInitializer(TensorData.ofFloats("C", Shape.of(WIDTH, WIDTH), weights.toFloats()));
    scale(graph, "C", 1e-4f);
    return OnnxModel.load(new ModelSource.OfBytes(data.toBuffer(), "large.onnx", null));
  }

  private static void scale(Graph graph, String weight, float by) {
    float[] values = Objects.requireNonNull(graph.initializer(weight)).toFloats();
    for (int i = 0; i < values.length; i++) {
      values[i] *= by;
    }
    graph.putInitializer(TensorData.ofFloats(weight, Shape.of(WIDTH, WIDTH), values));
  }

  @Test
  void aSessionComputesInHalfPrecisionAndWasHeldAgainstSinglePrecisionFirst() {
    try (Session exact = Session.open(TwoLayers.inMemory());
        Session half = open(TwoLayers.inMemory(), options(Device.cuda(0)));
        Batch a = exact.run(examples.get(0));
        Batch b = half.run(examples.get(0))) {
      assertThat(half.precision()).isEqualTo(Precision.FP16);
      assertThat(half.device()).isEqualTo(Device.cuda(0));
      assertThat(half.signature()).isEqualTo(exact.signature());
      assertThat(b.get("y").type()).isEqualTo(DataType.FLOAT32);
      assertThat(SignalToNoise.decibels(a.get("y").toFloatArray(), b.get("y").toFloatArray()))
          .isBetween(50.0, 90.0);
      assertThat(half.report().notes())
          .anyMatch(note -> note.matches("On cuda:0, answers in FP16 have .* on 16 rows\\."))
          .anyMatch(note -> note.startsWith("Not timed") || note.contains("Not timed"));
    }
  }

  @Test
  void theSecondOpeningTakesTheModelFromTheCacheAndTheProcessorHasAnotherOne() {
    open(TwoLayers.inMemory(), options(Device.cuda(0))).close();
    try (Session again = open(TwoLayers.inMemory(), options(Device.cuda(0)));
        Session onProcessor = Session.open(TwoLayers.inMemory(), options(Device.cpu()))) {
      assertThat(again.report().notes()).contains("From the cache.");
      assertThat(onProcessor.precision()).isEqualTo(Precision.FP32);
    }
  }

  @Test
  void theModelCanBeMadeAheadAndIsNotTimed() {
    QuantizedModel small = Quantizer.quantize(TwoLayers.inMemory(), options(Device.cuda(0)));
    assertThat(small.report().precision()).isEqualTo(Precision.FP16);
    assertThat(small.report().speed()).isEmpty();
    assertThat(small.report().nodesByForm()).containsOnlyKeys("HALF_COMPUTE");
    assertThat(small.report().bytesAfter()).isLessThan(small.report().bytesBefore() * 6 / 10);
  }

  @Test
  void whatLeavesTheRangeOfTheHalvesStaysInSinglePrecision() {
    try (Session session = open(beyondTheHalves(), options(Device.cuda(0)))) {
      assertThat(session.precision()).isEqualTo(Precision.FP16);
    }
    QuantizationReport report =
        Quantizer.quantize(beyondTheHalves(), options(Device.cuda(0))).report();
    assertThat(report.fidelity().orElseThrow().meanCosine()).isBetween(0.9999, 1.0);
    assertThat(report.nodes())
        .extracting(node -> node.name() + " " + node.form())
        .contains("first FLOAT", "second FLOAT", "third HALF_COMPUTE");
  }

  @Test
  void aModelThatCannotKeepItsAnswersIsRefusedOnAGpuAndGoesToTheCpuWhereThatWasAgreed() {
    SessionOptions strict = options(Device.cuda(0), builder -> builder.floor(1, 1));
    assertThatThrownBy(() -> open(TwoLayers.inMemory(), strict))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContaining("must keep a mean cosine");
    SessionOptions agreed = strict.toBuilder().device(Device.best()).build();
    SessionOptions free =
        agreed.toBuilder()
            .runtime(
                OnnxOptions.builder()
                    .quantization(
                        Quantization.builder()
                            .cacheFolder(folder.resolve("cache"))
                            .floor(0.99999995, 0.9999999)
                            .evenIfSlower(true)
                            .build())
                    .build())
            .build();
    try (LogLines log = new LogLines();
        Session session = open(TwoLayers.inMemory(), free)) {
      assertThat(session.device()).isEqualTo(Device.cpu());
      assertThat(session.precision()).isEqualTo(Precision.FP32);
      assertThat(log.warnings()).singleElement().asString().contains("mean cosine");
    }
  }

  @Test
  void aCanaryRefusesAnswersThatAreNotFinite() {
    Canary canary = new Canary(TwoLayers.inMemory(), options(Device.cuda(1)));
    ModelRunner broken = answering(Float.NaN);
    assertThatThrownBy(() -> canary.check(broken))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContainingAll("cuda:1", "finite", "-1.0000", "Precision.FP32");
    Canary careless =
        new Canary(TwoLayers.inMemory(), options(Device.cuda(1), b -> b.evenIfWorse(true)));
    assertThat(careless.check(broken).orElseThrow()).contains("mean cosine of -1.000000");
  }

  private static ModelRunner answering(float value) {
    return new ModelRunner() {
      @Override
      public Batch run(Batch in) {
        float[] values = new float[4 * WIDTH];
        Arrays.fill(values, value);
        return Batch.of("y", Tensor.of(values, 4, WIDTH));
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void excludedNodesStayInSinglePrecision() {
    QuantizationReport report =
        Quantizer.quantize(TwoLayers.inMemory(), options(Device.cuda(0), b -> b.exclude("second")))
            .report();
    assertThat(report.nodes())
        .extracting(node -> node.name() + " " + node.form())
        .contains("first HALF_COMPUTE", "second FLOAT");
    assertThat(Set.copyOf(report.nodesByForm().keySet())).contains("FLOAT");
  }

  /** As another tool converts a model: nothing of it is in single precision. */
  private static OnnxModel inHalves() {
    Graph graph = new Graph("halves");
    Dimension rows = Dimension.of("rows");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT16, rows, Dimension.of(WIDTH)));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT16, rows, Dimension.of(WIDTH)));
    TensorData floats = Objects.requireNonNull(TwoLayers.data().graph().initializer("A"));
    try (Tensor halves = Tensor.allocate(DataType.FLOAT16, floats.shape())) {
      halves.copyFrom(floats.toFloats());
      ByteBuffer bytes = ByteBuffer.wrap(halves.toByteArray());
      graph.putInitializer(TensorData.of("A", DataType.FLOAT16, floats.shape(), bytes));
    }
    graph.add(Node.of("MatMul", List.of("x", "A"), List.of("y")).named("first"));
    ModelData data = ModelData.of(graph, 17);
    return OnnxModel.load(new ModelSource.OfBytes(data.toBuffer(), "halves.onnx", null));
  }

  private static SessionOptions plain(Device device, Precision precision) {
    return SessionOptions.builder().device(device).precision(precision).threads(1).build();
  }

  @ParameterizedTest
  @EnumSource(names = {"FP16", "FP32"})
  void aFileThatComputesInHalfPrecisionAlreadyRunsAsItIsAndSaysSo(Precision asked) {
    try (Session half = open(inHalves(), plain(Device.cuda(0), asked));
        Batch in = Batch.of("x", Tensor.allocate(DataType.FLOAT16, Shape.of(2, WIDTH)));
        Batch out = half.run(in)) {
      assertThat(half.precision()).isEqualTo(Precision.FP16);
      assertThat(out.get("y").type()).isEqualTo(DataType.FLOAT16);
      assertThat(half.report().notes())
          .contains("The file computes in FP16 already: it runs as it is.")
          .anyMatch(
              note -> note.startsWith("On cuda:0, answers in FP16 have a mean cosine of 1.0"));
    }
  }

  @Test
  void whatWasMadeAheadOpensAsItIs() {
    OnnxModel small =
        (OnnxModel) Quantizer.quantize(TwoLayers.inMemory(), options(Device.cuda(0))).model();
    try (Session session = open(small, options(Device.cuda(0)))) {
      assertThat(session.precision()).isEqualTo(Precision.FP16);
      assertThat(session.report().notes())
          .contains("The file computes in FP16 already: it runs as it is.");
    }
  }

  @Test
  void whatWasMadeAheadKeepsTheNodesThatWereSpared() {
    OnnxModel made =
        (OnnxModel) Quantizer.quantize(beyondTheHalves(), options(Device.cuda(0))).model();
    SessionOptions unknowing = plain(Device.cuda(0), Precision.FP16); // who ships has no data there
    try (Session session = open(made, unknowing)) {
      assertThat(session.precision()).isEqualTo(Precision.FP16);
      assertThat(session.report().notes())
          .contains("The file computes in FP16 already: it runs as it is.");
    }
  }

  @Test
  void aFileOfHalvesRunsAsItIsOnAProcessorAsWell() {
    OnnxModel stored =
        (OnnxModel) Quantizer.quantize(TwoLayers.inMemory(), options(Device.cpu())).model();
    for (OnnxModel model : List.of(inHalves(), stored)) {
      try (Session session = Session.open(model, plain(Device.cpu(), Precision.FP16))) {
        assertThat(session.precision()).isEqualTo(Precision.FP32);
        assertThat(session.report().notes())
            .anyMatch(note -> note.startsWith("The file is in FP16 already: it runs as it is"));
      }
    }
  }

  @Test
  void whatWasMadeAheadForAProcessorKeepsTheWeightsThatWereSpared() {
    SessionOptions sparing =
        plain(Device.cpu(), Precision.FP16).toBuilder()
            .runtime(
                OnnxOptions.builder()
                    .quantization(Quantization.builder().exclude("second").build())
                    .build())
            .build();
    OnnxModel made = (OnnxModel) Quantizer.quantize(TwoLayers.inMemory(), sparing).model();
    for (SessionOptions options : List.of(sparing, plain(Device.cpu(), Precision.FP16))) {
      try (Session session = Session.open(made, options)) {
        assertThat(session.report().notes())
            .anyMatch(note -> note.startsWith("The file is in FP16 already: it runs as it is"));
      }
    }
  }

  @Test
  void whatIsInHalvesCannotBeBroughtThere() {
    for (Device device : List.of(Device.cuda(0), Device.cpu())) {
      SessionOptions options = plain(device, Precision.FP16);
      assertThatThrownBy(() -> Quantizer.quantize(inHalves(), options))
          .isInstanceOf(QuantizationException.class)
          .hasMessageContainingAll("'halves.onnx' is in FP16 already", "Open it as it is");
    }
  }
}
