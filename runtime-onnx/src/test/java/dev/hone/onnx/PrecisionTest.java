package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.onnx.Quantization.Form;
import dev.hone.onnx.quantize.CpuFeatures;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What each precision makes of a model, through the public door. */
class PrecisionTest {
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

  /** Tiny models gain nothing, so they would be refused for that. */
  private SessionOptions options(Precision precision, UnaryOperator<Quantization.Builder> more) {
    Quantization quantization =
        more.apply(Quantization.builder().cacheFolder(folder.resolve("cache")).evenIfSlower(true))
            .build();
    return SessionOptions.builder()
        .precision(precision)
        .threads(1)
        .calibration(examples)
        .runtime(OnnxOptions.builder().quantization(quantization).build())
        .build();
  }

  private SessionOptions options(Precision precision, Form form) {
    return options(precision, builder -> builder.form(form));
  }

  static Stream<Arguments> forms() {
    return Stream.of(
        Arguments.of(Precision.INT8, Form.AUTOMATIC, Precision.INT8, "STATIC_INT8", 0.999),
        Arguments.of(Precision.INT8, Form.FASTEST, Precision.INT8, "STATIC_INT8", 0.999),
        Arguments.of(Precision.INT8, Form.DYNAMIC, Precision.INT8, "DYNAMIC_INT8", 0.999),
        Arguments.of(Precision.INT8, Form.WEIGHTS, Precision.INT8, "WEIGHT_INT8", 0.9995),
        Arguments.of(Precision.INT4, Form.AUTOMATIC, Precision.INT4, "WEIGHT_INT4", 0.975),
        Arguments.of(Precision.FP16, Form.AUTOMATIC, Precision.FP32, "HALF_STORAGE", 0.999999));
  }

  @ParameterizedTest
  @MethodSource("forms")
  void eachIsSmallerAndClose(
      Precision asked, Form form, Precision real, String nodeForm, double cosine) {
    QuantizedModel small = Quantizer.quantize(TwoLayers.inMemory(), options(asked, form));
    QuantizationReport report = small.report();
    assertThat(report.asked()).isEqualTo(asked);
    assertThat(report.precision()).isEqualTo(real);
    assertThat(report.nodesByForm()).containsKey(nodeForm);
    assertThat(report.fidelity().orElseThrow().meanCosine()).isBetween(cosine, 1.0);
    assertThat(report.bytesAfter()).isLessThan(report.bytesBefore() * 6 / 10);
    Path file = folder.resolve("small.onnx");
    small.save(file);
    assertThat(file).hasSize(report.bytesAfter());
    try (Session session = Session.open(TwoLayers.inMemory(), options(asked, form));
        Session saved = Session.open(file);
        Batch a = session.run(examples.get(0));
        Batch b = saved.run(examples.get(0))) {
      assertThat(saved.precision()).isEqualTo(real);
      assertThat(session.precision()).isEqualTo(real);
      assertThat(session.signature()).isEqualTo(TwoLayers.data().signature());
      assertThat(a.get("y").toFloatArray()).isEqualTo(b.get("y").toFloatArray());
    }
  }

  @ParameterizedTest
  @MethodSource("forms")
  void twoRunsWriteTheSameBytes(
      Precision asked, Form form, Precision real, String nodeForm, double cosine) throws Exception {
    Path first = folder.resolve("first.onnx");
    Path second = folder.resolve("second.onnx");
    Quantizer.quantize(TwoLayers.inMemory(), options(asked, form)).save(first);
    Quantizer.quantize(TwoLayers.inFile(folder), options(asked, form)).save(second);
    assertThat(first).hasSameBinaryContentAs(second);
  }

  @Test
  void aRowGetsTheSameBitsAloneAndInABatchWithFixedScales() {
    try (Session session =
            Session.open(TwoLayers.inMemory(), options(Precision.INT8, Form.STATIC));
        Batch row = examples.get(0).slice(2, 3);
        Batch alone = session.run(row);
        Batch together = session.run(examples.get(0))) {
      float[] all = together.get("y").toFloatArray();
      float[] one = alone.get("y").toFloatArray();
      assertThat(Arrays.copyOfRange(all, 2 * one.length, 3 * one.length)).isEqualTo(one);
    }
  }

  @Test
  void oneWordIsEnough() {
    SessionOptions word = SessionOptions.of(Precision.INT8);
    SessionOptions options =
        word.toBuilder().runtime(options(Precision.INT8, b -> b).runtime().orElseThrow()).build();
    try (Session session = Session.open(TwoLayers.inMemory(), options)) {
      assertThat(session.precision()).isEqualTo(Precision.INT8);
      assertThat(session.report().toString())
          .contains("INT8 with scales taken from each batch", "made-up rows")
          .contains("depends a little on the other rows of its batch");
    }
  }

  @Test
  void excludedNodesStayFloats() {
    QuantizationReport report =
        Quantizer.quantize(TwoLayers.inMemory(), options(Precision.INT8, b -> b.exclude("sec*")))
            .report();
    assertThat(report.nodes())
        .filteredOn(node -> node.operator().equals("MatMul"))
        .extracting(QuantizationReport.Node::form)
        .containsExactly("STATIC_INT8", "FLOAT");
  }

  @Test
  void excludedNodesKeepTheirWeightsInHalfPrecisionToo() {
    QuantizationReport report =
        Quantizer.quantize(TwoLayers.inMemory(), options(Precision.FP16, b -> b.exclude("sec*")))
            .report();
    assertThat(report.nodes())
        .extracting(node -> node.name() + " " + node.form())
        .containsExactly("A HALF_STORAGE", "B FLOAT");
  }

  @ParameterizedTest
  @EnumSource(names = {"INT8", "INT4", "FP16"})
  void anExcludedNodeThatIsNotThereIsAnError(Precision precision) {
    assertThatThrownBy(
            () ->
                Quantizer.quantize(
                    TwoLayers.inMemory(), options(precision, b -> b.exclude("third"))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Excluded nodes must be in the graph once it is fused, but no name fits 'third'. There"
                + " are, for example, [first, second].");
  }

  @Test
  void fixedScalesNeedCalibration() {
    SessionOptions without =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .runtime(options(Precision.INT8, Form.STATIC).runtime().orElseThrow())
            .build();
    assertThatThrownBy(() -> Session.open(TwoLayers.inMemory(), without))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no calibration data")
        .hasMessageContaining("SessionOptions.calibration");
  }

  @Test
  void whatIsQuantizedAlreadyRunsAsItIs() {
    Path file = folder.resolve("small.onnx");
    Quantizer.quantize(TwoLayers.inMemory(), options(Precision.INT8, Form.STATIC)).save(file);
    try (Session session = Session.open(file)) {
      assertThat(session.precision()).isEqualTo(Precision.INT8);
      assertThat(session.report().notes())
          .contains("The file is quantized already, to INT8: it runs as it is.");
    }
    try (Session session = Session.open(file, SessionOptions.of(Precision.INT4))) {
      assertThat(session.precision()).isEqualTo(Precision.INT8);
      assertThat(session.report().notes())
          .contains(
              "INT4 was asked for, but the file is quantized already, to INT8: it runs as it is."
                  + " Quantize the original instead.");
    }
    assertThatThrownBy(() -> Quantizer.quantize(Model.load(file), options(Precision.INT4, b -> b)))
        .isInstanceOf(QuantizationException.class)
        .hasMessage(
            "'small.onnx' is quantized already, to INT8. Rounding what was rounded adds error and"
                + " saves little: quantize the original instead.");
  }

  @Test
  void bf16IsRefusedWhereNothingComputesWithIt() {
    OnnxModel model = TwoLayers.inMemory();
    CpuFeatures x86 = new CpuFeatures(CpuFeatures.Architecture.X86_64, true, Set.of("avx2"));
    assertThatThrownBy(() -> Ready.bf16(model, x86))
        .isInstanceOf(QuantizationException.class)
        .hasMessageStartingWith(
            "BF16 needs a processor whose matrix kernels multiply it, ARM64 with the bf16 feature,"
                + " but this is X86_64, avx2: here it would be slower than FP32.");
    CpuFeatures arm = new CpuFeatures(CpuFeatures.Architecture.ARM64, true, Set.of("bf16"));
    Ready ready = Ready.bf16(model, arm);
    assertThat(ready.precision()).isEqualTo(Precision.BF16);
    assertThat(ready.config()).containsEntry("mlas.enable_gemm_fastmath_arm64_bfloat16", "1");
  }

  @Test
  void fp32CanBeFused() {
    SessionOptions fused =
        SessionOptions.builder().runtime(OnnxOptions.builder().fuse(true).build()).build();
    Offset<Float> rounding = within(1e-5f);
    try (Session plain = Session.open(TwoLayers.inMemory());
        Session session = Session.open(TwoLayers.inMemory(), fused);
        Batch a = plain.run(examples.get(0));
        Batch b = session.run(examples.get(0))) {
      assertThat(session.precision()).isEqualTo(Precision.FP32);
      assertThat(b.get("y").toFloatArray()).containsExactly(a.get("y").toFloatArray(), rounding);
    }
  }
}
