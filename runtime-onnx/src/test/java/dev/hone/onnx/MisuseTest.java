package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What somebody is told who uses the library in a wrong way for the first time. */
class MisuseTest {
  @Test
  void aRunThatFailsInsideNamesTheModelWhatItWasGivenAndWhatIsLikelyWrong() {
    try (Session session = Session.open(table());
        Batch good = Batch.of("token", Tensor.of(new long[] {0, 2}));
        Batch bad = Batch.of("token", Tensor.of(new long[] {0, 7}));
        Batch out = Batch.of("row", Tensor.allocate(DataType.FLOAT32, Shape.of(2, 2)))) {
      String[] words = {
        "'table.onnx'", "{token=INT64[2]}", "the tokenizer that belongs to the model", "idx=7"
      };
      assertThatThrownBy(() -> session.run(bad))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll(words);
      assertThatThrownBy(() -> session.run(bad, out))
          .isInstanceOf(HoneException.class)
          .hasMessageContainingAll(words);
      assertThatThrownBy(() -> session.runAsync(bad).join())
          .hasCauseInstanceOf(HoneException.class)
          .hasMessageContainingAll(words);
      try (Batch answer = session.run(good)) { // and the session goes on
        assertThat(answer.get("row").toFloatMatrix()).isDeepEqualTo(new float[][] {{1, 2}, {5, 6}});
      }
    }
  }

  @Test
  void aModelThatTheRuntimeRefusesIsNamedWithTheRemedy() {
    refusesModel(node("Foo"), "'odd.onnx'", "Foo", "operators of the ONNX standard");
    refusesModel(node("StringNormalizer"), "'odd.onnx'", "breaks the ONNX standard", "export it");
  }

  private static void refusesModel(Node node, String... words) {
    Graph graph = new Graph("odd");
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, Dimension.of("rows")));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of("rows")));
    graph.add(node);
    Model model =
        Model.load(new ModelSource.OfBytes(ModelData.of(graph, 17).toBuffer(), "odd.onnx", null));
    assertThatThrownBy(() -> Session.open(model))
        .isInstanceOf(HoneException.ModelException.class)
        .hasMessageContainingAll(words);
  }

  private static Node node(String operator) {
    return Node.of(operator, List.of("x"), List.of("y"));
  }

  @Test
  void aClosedSessionSaysWhichItWas() {
    Session session = Session.open(table());
    assertThat(session).hasToString("table.onnx, FP32 on cpu");
    session.close();
    try (Batch in = Batch.of("token", Tensor.of(new long[] {0}))) {
      assertThatThrownBy(() -> session.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("The session of 'table.onnx' was closed");
    }
  }

  @Test
  void calibrationThatNothingIsLearnedFromIsSaid() {
    List<Batch> examples = TwoLayers.examples(1, 1);
    SessionOptions options = SessionOptions.builder().calibration(examples).build();
    try (Session session = Session.open(TwoLayers.inMemory(), options)) {
      assertThat(session.report().notes())
          .singleElement()
          .asString()
          .contains("calibration batches were not used", "Precision.INT8");
    } finally {
      examples.forEach(Batch::close);
    }
  }

  @Test
  @NullUnmarked // callers of other languages, and of plain Java, may give null
  void calibrationThatDoesNotFitIsRefusedWithTheNumberOfTheBatch() {
    try (Batch wrong = Batch.of("z", Tensor.of(new float[] {1, 2}))) {
      refuses(() -> calibrated(List.of(wrong)), "Batch 0 of the calibration data", "input 'z'");
      refuses(() -> calibrated(Arrays.asList((Batch) null)), "Batch 0", "must not be null");
      assertThatThrownBy(() -> calibrated(List.of(wrong))).hasMessageNotContaining("..");
      Batch closed = Batch.of("x", Tensor.of(new float[1][4]));
      closed.close();
      for (List<Batch> useless : List.of(List.of(wrong), List.<Batch>of(), List.of(closed))) {
        assertThatThrownBy(() -> calibrated(useless))
            .isExactlyInstanceOf(IllegalArgumentException.class);
      }
    }
  }

  private static void calibrated(List<Batch> examples) {
    Quantizer.quantize(
        TwoLayers.inMemory(),
        SessionOptions.builder().precision(Precision.INT8).calibration(examples).build());
  }

  @Test
  void aResourceIsNamedLikeAFileWhereverItLies() {
    assertThat(ModelSource.ofResource(MisuseTest.class, "/all-minilm-l6-v2.onnx").name())
        .isEqualTo("all-minilm-l6-v2.onnx");
  }

  @Test
  void aModelOfConvolutionsAsksForCalibration() {
    Model model = image(true);
    assertThatThrownBy(() -> Quantizer.quantize(model, SessionOptions.of(Precision.INT8)))
        .isInstanceOf(QuantizationException.class)
        .hasMessage(
            "At INT8 there is nothing to make smaller in 'image.onnx'. Its convolutions stay in FP32"
                + " where there is no calibration, for they would be slower. Give examples of real"
                + " inputs, about a hundred, with SessionOptions.calibration, or open it as it is,"
                + " with Precision.FP32.");
  }

  @Test
  void convolutionsThatCalibrationWouldNotHelpDoNotAskForIt() {
    assertThatThrownBy(() -> Quantizer.quantize(image(false), SessionOptions.of(Precision.INT8)))
        .isInstanceOf(QuantizationException.class)
        .hasMessageEndingWith("Open it as it is, with Precision.FP32.")
        .hasMessageNotContaining("calibration");
    Quantization dynamic = Quantization.builder().form(Quantization.Form.DYNAMIC).build();
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .runtime(OnnxOptions.builder().quantization(dynamic).build())
            .build();
    assertThatThrownBy(() -> Quantizer.quantize(image(true), options))
        .isInstanceOf(QuantizationException.class)
        .hasMessageNotContaining("calibration");
  }

  @Test
  void whatWasLeftIsToldBesideTheWishForCalibration() {
    Graph graph = new Graph("both");
    Dimension two = Dimension.of(2);
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, two, two, two, two));
    graph.addOutput(ValueInfo.tensor("z", DataType.FLOAT32, two, two, two, two));
    graph.putInitializer(TensorData.ofFloats("k", Shape.of(2, 2, 1, 1), 1, 2, 3, 4));
    graph.putInitializer(TensorData.ofFloats("w", Shape.of(2, 2), 1, 2, 3, 4));
    graph.add(Node.of("Conv", List.of("x", "k"), List.of("y")));
    graph.add(Node.of("MatMul", List.of("y", "w"), List.of("z")).named("product"));
    Model model =
        Model.load(new ModelSource.OfBytes(ModelData.of(graph, 17).toBuffer(), "both.onnx", null));
    SessionOptions options =
        SessionOptions.builder()
            .precision(Precision.INT8)
            .runtime(
                OnnxOptions.builder()
                    .quantization(Quantization.builder().exclude("product").build())
                    .build())
            .build();
    assertThatThrownBy(() -> Quantizer.quantize(model, options))
        .isInstanceOf(QuantizationException.class)
        .hasMessageContainingAll(
            "MatMul 'product' was left: It was excluded.", "SessionOptions.calibration");
  }

  /** One convolution. */
  private static Model image(boolean constantWeights) {
    Graph graph = new Graph("image");
    Dimension images = Dimension.of("images");
    Dimension four = Dimension.of(4);
    graph.addInput(ValueInfo.tensor("x", DataType.FLOAT32, images, Dimension.of(1), four, four));
    graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, images, four, four, four));
    if (constantWeights) {
      graph.putInitializer(TensorData.ofFloats("k", Shape.of(4, 1, 1, 1), 1, 2, 3, 4));
    } else {
      graph.addInput(
          ValueInfo.tensor(
              "k", DataType.FLOAT32, four, Dimension.of(1), Dimension.of(1), Dimension.of(1)));
    }
    graph.add(Node.of("Conv", List.of("x", "k"), List.of("y")));
    return Model.load(
        new ModelSource.OfBytes(ModelData.of(graph, 17).toBuffer(), "image.onnx", null));
  }

  @Test
  void whereNothingCanBeWrittenTheMissingFolderIsNamed(@TempDir Path folder) {
    Path file = folder.resolve("missing").resolve("file");
    refuses(
        () -> opened(OnnxOptions.builder().profile(file).build()), "folder of profile", "missing'");
    refuses(
        () -> opened(OnnxOptions.builder().optimizedModel(file).build()),
        "folder of optimizedModel",
        "missing'",
        "Files.createDirectories");
    assertThatThrownBy(() -> TwoLayers.data().write(file))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll("there is no folder", "missing'", "Files.createDirectories");
    assertThatThrownBy(() -> TwoLayers.data().write(folder))
        .isInstanceOf(HoneException.class)
        .hasMessageContaining("it is a folder. Name a file in it.");
  }

  @Test
  void aModelIsSavedAnywhereButOverTheFileItCameFrom(@TempDir Path folder) throws IOException {
    Path first = folder.resolve("first.onnx");
    table().save(first);
    Model loaded = Model.load(first);
    refuses(() -> loaded.save(folder.resolve(".").resolve("first.onnx")), "first.onnx", "another");
    Path second = folder.resolve("second.onnx");
    loaded.save(second);
    assertThat(second).hasSameBinaryContentAs(first);
    assertThat(Model.load(second).signature()).isEqualTo(loaded.signature());
  }

  @Test
  void aModelMayHaveAsLongANameAsAnyFile(@TempDir Path folder) {
    Path file = folder.resolve("m".repeat(250) + ".onnx");
    table().save(file);
    assertThat(Model.load(file).signature()).isEqualTo(table().signature());
  }

  @Test
  void whatReplacesAFileMayBeReadByWhomThatMight(@TempDir Path folder) throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    Path file = folder.resolve("model.onnx");
    table().save(file);
    Set<PosixFilePermission> own =
        Set.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);
    Files.setPosixFilePermissions(file, own);
    table().save(file);
    assertThat(permissions(file)).isEqualTo(own);
  }

  @Test
  void aModelSavedByWayOfALinkReplacesTheFileThatItLeadsTo(@TempDir Path folder)
      throws IOException {
    Path elsewhere = Files.createDirectory(folder.resolve("elsewhere"));
    Path file = Files.writeString(elsewhere.resolve("file.onnx"), "what was there before");
    Path link = Files.createSymbolicLink(folder.resolve("link.onnx"), file);
    table().save(link);
    assertThat(link).isSymbolicLink();
    assertThat(Model.load(file).signature()).isEqualTo(table().signature());
    TwoLayers.data().writeWithExternalData(link, 16);
    assertThat(link).isSymbolicLink();
    assertThat(Model.load(link).signature()).isEqualTo(TwoLayers.inMemory().signature());
  }

  @Test
  void theOptimizedModelTakesNoPlaceOfTheWeightsBesideTheOriginal(@TempDir Path folder)
      throws IOException {
    Path original = folder.resolve("original.onnx");
    TwoLayers.data().writeWithExternalData(original, 16);
    Model model = Model.load(original);
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        OnnxOptions options = OnnxOptions.builder().optimizedModel(file).build();
        refuses(
            () -> Session.open(model, SessionOptions.builder().runtime(options).build()).close(),
            "optimizedModel names",
            "file of the original",
            "Name another");
      }
    }
  }

  @Test
  void whatIsNoRegularFileIsNotReplacedByAModel(@TempDir Path folder) throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    Path link = Files.createSymbolicLink(folder.resolve("link"), inner);
    Path socket = folder.resolve("socket");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
      cannotBeSaved(inner, "it is a folder. Name a file in it.");
      cannotBeSaved(link, "it is a folder. Name a file in it.");
      cannotBeSaved(socket, "it is no regular file", "Name a file.");
      assertThat(inner).isEmptyDirectory();
      assertThat(link).isSymbolicLink();
      assertThat(Files.readAttributes(socket, BasicFileAttributes.class).isOther()).isTrue();
      assertThat(folder.toFile().list()).containsExactlyInAnyOrder("inner", "link", "socket");
    }
  }

  @Test
  void theOptimizedModelTakesNoPlaceOfWhatIsNoFileNorOfTheOriginal(@TempDir Path folder)
      throws IOException {
    Path inner = Files.createDirectory(folder.resolve("inner"));
    refuses(
        () -> opened(OnnxOptions.builder().optimizedModel(inner).build()),
        "optimizedModel names",
        "it is a folder. Name a file in it.");
    Path socket = folder.resolve("socket");
    try (ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      channel.bind(UnixDomainSocketAddress.of(socket));
      refuses(
          () -> opened(OnnxOptions.builder().optimizedModel(socket).build()),
          "it is no regular file",
          "Name a file.");
    }
    Path original = folder.resolve("original.onnx");
    table().save(original);
    byte[] before = Files.readAllBytes(original);
    OnnxOptions over = OnnxOptions.builder().optimizedModel(original).build();
    SessionOptions options = SessionOptions.builder().runtime(over).build();
    refuses(
        () -> Session.open(original, options).close(),
        "optimizedModel names",
        "file of the original",
        "Name another");
    assertThat(original).hasBinaryContent(before);
  }

  @Test
  void aSavedModelMayBeReadByWhomTheProgramsOtherFilesMayBe(@TempDir Path folder)
      throws IOException {
    assumeTrue(Files.getFileStore(folder).supportsFileAttributeView("posix"));
    table().save(folder.resolve("model.onnx"));
    Path other = Files.createFile(folder.resolve("other"));
    Path saved = folder.resolve("saved.onnx");
    TwoLayers.data().writeWithExternalData(saved, 16);
    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(MisuseTest::permissions).distinct()).containsExactly(permissions(other));
    }
  }

  private static Set<PosixFilePermission> permissions(Path file) {
    try {
      return Files.getPosixFilePermissions(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Neither with its weights in it nor with weights beside it. */
  private static void cannotBeSaved(Path file, String... words) {
    assertThatThrownBy(() -> table().save(file))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll(words);
    assertThatThrownBy(() -> TwoLayers.data().writeWithExternalData(file, 16))
        .isInstanceOf(HoneException.class)
        .hasMessageContainingAll(words);
  }

  private static void opened(OnnxOptions options) {
    Session.open(table(), SessionOptions.builder().runtime(options).build()).close();
  }

  @Test
  void optionsSayWhatDiffersFromTheDefaults() {
    assertThat(OnnxOptions.DEFAULT).hasToString("OnnxOptions[]");
    Quantization quantization =
        Quantization.builder()
            .form(Quantization.Form.FASTEST)
            .exclude("a", "a")
            .floor(0.99, 0.9)
            .evenIfSlower(true)
            .build();
    assertThat(OnnxOptions.of(quantization))
        .hasToString(
            "OnnxOptions[Quantization[form FASTEST, excluded [a], leastMeanCosine 0.99,"
                + " leastFirstPercentile 0.9, evenIfSlower]]");
    assertThat(OnnxOptions.builder().spinning(true).config("key", "value").build())
        .hasToString("OnnxOptions[spinning, config {key=value}]");
  }

  @Test
  void aSwitchOfTheRuntimeIsOnOrOff() {
    OnnxOptions.Builder builder = OnnxOptions.builder();
    refuses(
        () -> builder.config("session.set_denormal_as_zero", "true"),
        "session.set_denormal_as_zero",
        "1 for on or 0 for off",
        "'true'");
    builder.config("session.set_denormal_as_zero", "1").config("session.disable_prepacking", "0");
    assertThat(notes(builder)).noneMatch(note -> note.contains("session entry"));
  }

  @Test
  void anEntryThatTheRuntimeDoesNotKnowIsNoted() {
    OnnxOptions.Builder builder =
        OnnxOptions.builder().config("session.denormals", "1").config("key", "value");
    assertThat(notes(builder))
        .filteredOn(note -> note.contains("session entry"))
        .satisfiesExactly(
            note -> assertThat(note).contains("'key'", "passes over"),
            note -> assertThat(note).contains("'session.denormals'", "passes over"));
  }

  private static List<String> notes(OnnxOptions.Builder builder) {
    SessionOptions options = SessionOptions.builder().runtime(builder.build()).build();
    try (Session session = Session.open(table(), options)) {
      return session.report().notes();
    }
  }

  private static void refuses(Runnable use, String... words) {
    assertThatThrownBy(use::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(words);
  }

  /** Three rows, of which a token picks one. */
  private static Model table() {
    Graph graph = new Graph("table");
    Dimension tokens = Dimension.of("tokens");
    graph.addInput(ValueInfo.tensor("token", DataType.INT64, tokens));
    graph.addOutput(ValueInfo.tensor("row", DataType.FLOAT32, tokens, Dimension.of(2)));
    graph.putInitializer(TensorData.ofFloats("rows", Shape.of(3, 2), 1, 2, 3, 4, 5, 6));
    graph.add(Node.of("Gather", List.of("rows", "token"), List.of("row")));
    return Model.load(
        new ModelSource.OfBytes(ModelData.of(graph, 17).toBuffer(), "table.onnx", null));
  }
}
