package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.HoneException;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.quantize.NodeChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What surrounds the passes: data, comparison, gates, cache. */
class QuantizerTest {
  private static final float SMALL = 0.01f;
  private static final float LARGE = 3;

  private Path folder;
  private Path cache;
  private List<Batch> examples;

  @BeforeEach
  void make(@TempDir Path temporary) {
    folder = temporary;
    cache = folder.resolve("cache");
    examples = TwoLayers.examples(8, 100);
  }

  @AfterEach
  void close() {
    examples.forEach(Batch::close);
  }

  private static FakePasses passes(float first, float second) {
    return new FakePasses(Map.of("first", first, "second", second), NodeChoice.Form.WEIGHT_INT8, 0);
  }

  private static FakePasses fixed() {
    return new FakePasses(Map.of("first", SMALL, "second", SMALL), NodeChoice.Form.STATIC_INT8, 0);
  }

  private SessionOptions options(UnaryOperator<Quantization.Builder> more) {
    Quantization quantization =
        more.apply(Quantization.builder().cacheFolder(cache).evenIfSlower(true)).build();
    return SessionOptions.builder()
        .precision(Precision.INT8)
        .threads(1)
        .calibration(examples)
        .runtime(OnnxOptions.builder().quantization(quantization).build())
        .build();
  }

  private SessionOptions options() {
    return options(builder -> builder);
  }

  private List<String> cached() throws IOException {
    if (!Files.exists(cache)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(cache)) {
      return entries
          .map(path -> path.getFileName().toString())
          .filter(name -> !name.equals("locks") && !name.equals("hashes"))
          .toList();
    }
  }

  @Test
  void theReportTellsWhatWasDoneAndMeasured() {
    QuantizedModel small =
        Quantizer.quantize(TwoLayers.inMemory(), options(), passes(SMALL, SMALL));
    QuantizationReport report = small.report();
    assertThat(report.model()).isEqualTo("two-layers.onnx");
    assertThat(report.fidelity()).isPresent();
    QuantizationReport.Fidelity fidelity = report.fidelity().orElseThrow();
    assertThat(fidelity.rows()).isEqualTo(8);
    assertThat(fidelity.madeUp()).isFalse();
    assertThat(fidelity.meanCosine()).isBetween(0.99, 1 - 1e-9);
    assertThat(report.speed()).isPresent();
    assertThat(report.bytesBefore()).isGreaterThan(2 * 128 * 128 * 4);
    assertThat(report.nodesByForm()).containsEntry("WEIGHT_INT8", 2L);
    assertThat(report.notes()).contains("a note of the pass");
    assertThat(QuantizationReport.fromJson(report.toJson())).isEqualTo(report);
    assertThat(report.toString())
        .contains("two-layers.onnx at INT8", "cosine mean 0.99", "fused     2 Attention")
        .contains("nodes     2 WEIGHT_INT8", "with 1 thread", "\nweakest   weights: ")
        .doesNotContain("ranges from", "outputs, expected");
    assertThat(small.model().metadata()).containsEntry("hone.precision", "INT8");
  }

  @Test
  void weightsThatLostNothingAreReadBackAsSuch() {
    QuantizationReport report =
        Quantizer.quantize(TwoLayers.inMemory(), options(), passes(SMALL, SMALL)).report();
    QuantizationReport exact =
        new QuantizationReport(
            report.model(),
            report.asked(),
            report.precision(),
            report.form(),
            report.bytesBefore(),
            report.bytesAfter(),
            List.of(
                new QuantizationReport.Node("a", "MatMul", "WEIGHT_INT8", "", 1 / 0.0, 1 / 0.0),
                new QuantizationReport.Node("b", "MatMul", "FLOAT", "", Double.NaN, Double.NaN)),
            report.fusions(),
            report.calibrationRows(),
            report.fidelity(),
            report.speed(),
            report.processor(),
            report.seconds(),
            report.notes());
    assertThat(QuantizationReport.fromJson(exact.toJson())).isEqualTo(exact);
  }

  @Test
  void theNoiseExpectedOfOutputsIsInTheReportAndLeftOutWhereItIsNotKnown() {
    QuantizationReport report =
        Quantizer.quantize(
                TwoLayers.inMemory(), options(builder -> builder.form(Quantization.Form.STATIC)))
            .report();
    assertThat(report.nodes())
        .filteredOn(node -> node.form().equals("STATIC_INT8"))
        .isNotEmpty()
        .allSatisfy(node -> assertThat(node.outputDecibels()).isBetween(20.0, 60.0));
    assertThat(report.toJson()).contains("\"outputDecibels\":");
    assertThat(report.toString()).contains("\nweakest   outputs, expected: ");
    QuantizationReport dynamic =
        Quantizer.quantize(
                TwoLayers.inMemory(), options(builder -> builder.form(Quantization.Form.DYNAMIC)))
            .report();
    assertThat(dynamic.nodesByForm()).containsKey("DYNAMIC_INT8");
    assertThat(dynamic.nodes()).allSatisfy(node -> assertThat(node.outputDecibels()).isNaN());
    assertThat(dynamic.toString()).doesNotContain("outputs, expected");
  }

  @Test
  void theOriginalStaysAsItIsAndTheResultCanBeSaved() throws IOException {
    OnnxModel model = TwoLayers.inFile(folder);
    byte[] before = Files.readAllBytes(folder.resolve("two-layers.onnx"));
    QuantizedModel small = Quantizer.quantize(model, options(), passes(SMALL, SMALL));
    Path file = folder.resolve("small.onnx");
    small.save(file);
    assertThat(folder.resolve("two-layers.onnx")).hasBinaryContent(before);
    assertThat(ModelData.read(file).metadata()).containsEntry("hone.precision", "INT8");
    assertThatThrownBy(() -> small.save(folder.resolve("two-layers.onnx")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("is not written over");
    assertThat(folder.resolve("two-layers.onnx")).hasBinaryContent(before);
  }

  @Test
  void answersThatAreTooFarAreRefusedWithTheReport() {
    QuantizationException refused =
        catchThrowableOfType(
            QuantizationException.class,
            () ->
                Quantizer.quantize(
                    TwoLayers.inMemory(),
                    options(builder -> builder.floor(0.999999, 0.999999)),
                    new Insensitive(passes(LARGE, LARGE))));
    assertThat(refused)
        .hasMessageStartingWith(
            "At INT8 the answers of 'two-layers.onnx' must keep a mean cosine of at least 1.0000")
        .hasMessageContaining("evenIfWorse(true)");
    assertThat(refused.report().orElseThrow().fidelity().orElseThrow().meanCosine())
        .isLessThan(0.9);
  }

  /** A pass that does not know which nodes cost fidelity. */
  private record Insensitive(Passes passes) implements Passes {
    @Override
    public Drafts begin(Task task) {
      Drafts drafts = passes.begin(task);
      return new Drafts() {
        @Override
        public Draft sparing(Set<String> spared) {
          return drafts.sparing(spared);
        }

        @Override
        public List<String> sensitive() {
          return List.of();
        }
      };
    }

    @Override
    public Optional<Quantized> quantizedAs(ModelData model) {
      return passes.quantizedAs(model);
    }

    @Override
    public boolean isHalf(ModelData model, Device.Kind device) {
      return passes.isHalf(model, device);
    }
  }

  @Test
  void theyAreTakenAllTheSameIfTheCallerSaysSo() {
    QuantizedModel small =
        Quantizer.quantize(
            TwoLayers.inMemory(), options(b -> b.evenIfWorse(true)), passes(LARGE, LARGE));
    assertThat(small.report().fidelity().orElseThrow().meanCosine()).isLessThan(0.9);
  }

  @Test
  void theWeakestNodesStayAsTheyWereUntilTheFloorsHold() {
    FakePasses passes = passes(LARGE, SMALL);
    QuantizedModel small = Quantizer.quantize(TwoLayers.inMemory(), options(), passes);
    assertThat(passes.applied).isEqualTo(2);
    assertThat(small.report().nodes())
        .extracting(QuantizationReport.Node::name, QuantizationReport.Node::form)
        .containsExactly(tuple("first", "FLOAT"), tuple("second", "WEIGHT_INT8"));
  }

  @Test
  void whatIsNotFasterIsRefused() {
    FakePasses slow = new FakePasses(Map.of("first", SMALL), NodeChoice.Form.STATIC_INT8, 300);
    assertThatThrownBy(
            () ->
                Quantizer.quantize(TwoLayers.inMemory(), options(b -> b.evenIfSlower(false)), slow))
        .isInstanceOf(QuantizationException.class)
        .hasMessageStartingWith(
            "At INT8 'two-layers.onnx' must run at least 1.00 times as fast as the original, but"
                + " here it ran 0.")
        .hasMessageContaining("evenIfSlower(true)");
    assertThat(Quantizer.quantize(TwoLayers.inMemory(), options(), slow).report().speed())
        .isPresent();
  }

  @Test
  void aModelWithNothingToMakeSmallerIsRefused() {
    FakePasses nothing = new FakePasses(Map.of(), NodeChoice.Form.WEIGHT_INT8, 0);
    assertThatThrownBy(() -> Quantizer.quantize(TwoLayers.inMemory(), options(), nothing))
        .isInstanceOf(QuantizationException.class)
        .hasMessage(
            "At INT8 there is nothing to make smaller in 'two-layers.onnx'. MatMul 'first' was"
                + " left: It is excluded. Open it as it is, with Precision.FP32.");
  }

  @Test
  void withoutDataItIsComparedOnMadeUpInputs() {
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .runtime(options().runtime().orElseThrow())
            .build();
    QuantizationReport report =
        Quantizer.quantize(TwoLayers.inMemory(), options, passes(SMALL, SMALL)).report();
    assertThat(report.fidelity().orElseThrow().madeUp()).isTrue();
    assertThat(report.notes()).anyMatch(note -> note.startsWith("Compared on made-up inputs only"));
    assertThatThrownBy(
            () ->
                Quantizer.quantize(
                    TwoLayers.inMemory(), options, new Insensitive(passes(LARGE, LARGE))))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContaining("made-up rows");
  }

  @Test
  void checksAreComparedAndAllOfTheCalibrationIsLearntFrom() {
    List<Batch> checks = TwoLayers.examples(3, 900);
    try {
      SessionOptions options = options().toBuilder().checks(checks).build();
      QuantizationReport report =
          Quantizer.quantize(TwoLayers.inMemory(), options, fixed()).report();
      assertThat(report.calibrationRows()).isEqualTo(32);
      assertThat(report.toString()).contains("ranges from 32 rows");
      assertThat(report.fidelity().orElseThrow().rows()).isEqualTo(12);
    } finally {
      checks.forEach(Batch::close);
    }
  }

  @Test
  void progressMovesForwardToTheEnd() {
    List<Double> fractions = new ArrayList<>();
    List<String> phases = new ArrayList<>();
    Progress progress =
        (phase, fraction) -> {
          phases.add(phase);
          fractions.add(fraction);
        };
    Quantizer.quantize(
        TwoLayers.inMemory(), options(b -> b.progress(progress)), passes(LARGE, SMALL));
    assertThat(fractions).isSorted().endsWith(1.0);
    assertThat(phases).contains("spoiling weights", "comparing answers", "timing");
  }

  @Test
  void uselessDataIsRefusedBeforeAnythingIsDone() {
    FakePasses passes = passes(SMALL, SMALL);
    SessionOptions empty = options().toBuilder().calibration(List.of()).build();
    assertThatThrownBy(() -> Quantizer.quantize(TwoLayers.inMemory(), empty, passes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("The calibration data holds no batch.");
    assertThat(passes.applied).isZero();
  }

  @Test
  void onlyWhatAFileCanHoldIsMade() {
    assertThatThrownBy(
            () ->
                Quantizer.quantize(
                    TwoLayers.inMemory(), SessionOptions.of(Precision.BF16), passes(0, 0)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("which is no form of a file");
  }

  // ---- opening, with the cache

  private static String notes(Session session) {
    return String.join("\n", session.report().notes());
  }

  @Test
  void aMissingFolderIsToldOfBeforeTheWorkBegins() {
    FakePasses passes = passes(SMALL, SMALL);
    Path file = folder.resolve("missing").resolve("profile");
    OnnxOptions profiled = OnnxOptions.builder().profile(file).build();
    SessionOptions options = options().toBuilder().runtime(profiled).build();
    assertThatThrownBy(() -> OnnxSession.open(TwoLayers.inMemory(), options, passes))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("folder of profile");
    assertThat(passes.applied).isZero();
  }

  @Test
  void theSecondOpeningComesFromTheCache() throws IOException {
    OnnxModel model = TwoLayers.inFile(folder);
    FakePasses passes = passes(SMALL, SMALL);
    float[] first;
    try (Session session = OnnxSession.open(model, options(), passes);
        Batch out = session.run(examples.get(0))) {
      assertThat(session.precision()).isEqualTo(Precision.INT8);
      assertThat(notes(session)).contains("a fake form", "cosine mean", "Kept in " + cache);
      first = out.get("y").toFloatArray();
    }
    assertThat(cached()).hasSize(1);
    try (Session session = OnnxSession.open(TwoLayers.inMemory(), options(), passes);
        Batch out = session.run(examples.get(0))) {
      assertThat(notes(session)).contains("a fake form", "cosine mean", "From the cache.");
      assertThat(out.get("y").toFloatArray()).isEqualTo(first);
    }
    assertThat(passes.applied).isEqualTo(1);
  }

  @Test
  void otherDataOptionsOrModelsAreOtherEntries() throws IOException {
    FakePasses passes = passes(SMALL, SMALL);
    OnnxSession.open(TwoLayers.inMemory(), options(), passes).close();
    List<Batch> others = TwoLayers.examples(8, 500);
    SessionOptions otherData = options().toBuilder().calibration(others).build();
    OnnxSession.open(TwoLayers.inMemory(), otherData, passes).close();
    others.forEach(Batch::close);
    OnnxSession.open(TwoLayers.inMemory(), options(b -> b.exclude("first")), passes).close();
    ModelData changed = TwoLayers.data();
    changed.putMetadata("changed", "yes");
    Path file = folder.resolve("changed.onnx");
    changed.write(file);
    OnnxSession.open(OnnxModel.load(ModelSource.of(file)), options(), passes).close();
    SessionOptions moreThreads = options().toBuilder().threads(2).build();
    OnnxSession.open(TwoLayers.inMemory(), moreThreads, passes).close();
    assertThat(passes.applied).isEqualTo(5);
    assertThat(cached()).hasSize(5);
  }

  @Test
  void aDamagedEntryIsMadeAnew() throws IOException {
    FakePasses passes = passes(SMALL, SMALL);
    OnnxSession.open(TwoLayers.inMemory(), options(), passes).close();
    Path kept = cache.resolve(cached().get(0)).resolve("model.onnx");
    byte[] bytes = Files.readAllBytes(kept);
    bytes[bytes.length / 2] ^= 1;
    Files.write(kept, bytes);
    OnnxSession.open(TwoLayers.inMemory(), options(), passes).close();
    assertThat(passes.applied).isEqualTo(2);
    OnnxSession.open(TwoLayers.inMemory(), options(), passes).close();
    assertThat(passes.applied).isEqualTo(2);
  }

  @Test
  void aCacheThatCannotBeWrittenIsNotedAndNoFailure() throws IOException {
    cache = Files.writeString(folder.resolve("no-folder"), "a file");
    FakePasses passes = passes(SMALL, SMALL);
    try (Session session = OnnxSession.open(TwoLayers.inMemory(), options(), passes);
        Batch out = session.run(examples.get(0))) {
      assertThat(out.rows()).isEqualTo(4);
      assertThat(notes(session)).contains(cache.toString()).contains("cannot be");
    }
  }

  @Test
  void withTheCacheOffNothingIsKept() throws IOException {
    FakePasses passes = passes(SMALL, SMALL);
    SessionOptions off = options(b -> b.cacheBytes(0));
    OnnxSession.open(TwoLayers.inMemory(), off, passes).close();
    OnnxSession.open(TwoLayers.inMemory(), off, passes).close();
    assertThat(passes.applied).isEqualTo(2);
    assertThat(cached()).isEmpty();
  }

  @Test
  void twoThatOpenAtOnceDoTheWorkOnce() {
    FakePasses passes = passes(SMALL, SMALL);
    List<CompletableFuture<Void>> opening =
        Stream.generate(
                () ->
                    CompletableFuture.runAsync(
                        () -> OnnxSession.open(TwoLayers.inMemory(), options(), passes).close()))
            .limit(4)
            .toList();
    opening.forEach(CompletableFuture::join);
    assertThat(passes.applied).isEqualTo(1);
  }

  @Test
  void aRefusedModelIsNotKept() throws IOException {
    assertThatThrownBy(
            () ->
                OnnxSession.open(
                    TwoLayers.inMemory(), options(), new Insensitive(passes(LARGE, LARGE))))
        .isInstanceOf(QuantizationException.class);
    assertThat(cached()).isEmpty();
  }

  @Test
  void savingWhereNothingCanBeWrittenLeavesNothing() throws IOException {
    QuantizedModel small =
        Quantizer.quantize(TwoLayers.inMemory(), options(), passes(SMALL, SMALL));
    assertThatThrownBy(() -> small.save(folder.resolve("missing").resolve("small.onnx")))
        .isInstanceOf(HoneException.class)
        .hasMessageContaining("cannot be written");
    assertThat(folder.resolve("missing")).doesNotExist();
  }
}
