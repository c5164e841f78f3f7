package dev.hone.onnx.graph;

import static dev.hone.onnx.graph.Protos.adding;
import static dev.hone.onnx.graph.Protos.externalWeight;
import static dev.hone.onnx.graph.Protos.refusal;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Model;
import dev.hone.ModelSource;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Data beside a model: where it may lie, and what the message says if it does not. */
class ExternalDataCheckTest {
  @TempDir
  @SuppressWarnings("NullAway.Init") // JUnit sets it
  private Path folder;

  @TempDir
  @SuppressWarnings("NullAway.Init") // JUnit sets it
  private Path elsewhere;

  private String refusalOf(String... entries) throws Exception {
    Path file = Files.write(folder.resolve("model.onnx"), adding(externalWeight("w", entries)));
    return refusal(() -> Model.load(file));
  }

  private void data(Path where, int byteSize) throws Exception {
    Files.write(where, new byte[byteSize]);
  }

  @Test
  void dataBesideTheModelIsTaken() throws Exception {
    data(folder.resolve("w.bin"), 12);
    byte[] model = adding(externalWeight("w", "location", "w.bin", "offset", "4", "length", "8"));
    Path file = Files.write(folder.resolve("model.onnx"), model);
    assertThat(Model.load(file).parameterCount()).isEqualTo(2);
  }

  @Test
  void bytesWithARelativeFolderFindTheirDataThere() throws Exception {
    Path data = Files.createTempFile(Path.of(""), "hone", ".bin");
    try {
      data(data, 8);
      byte[] model = adding(externalWeight("w", "location", data.toString()));
      ModelSource source = new ModelSource.OfBytes(ByteBuffer.wrap(model), "m", Path.of(""));
      assertThat(Model.load(source).parameterBytes()).isEqualTo(8);
    } finally {
      Files.delete(data);
    }
  }

  @Test
  void missingDataIsNamedWithTheFolder() throws Exception {
    assertThat(refusalOf("location", "w.bin"))
        .contains(
            "the tensor 'w' cannot be used: its external data 'w.bin' is no file in " + folder)
        .endsWith("Keep it beside the model, under the name it had when the model was written.");
  }

  @Test
  void anAbsolutePathIsRefusedEvenIntoTheFolder() throws Exception {
    data(folder.resolve("w.bin"), 8);
    String absolute = folder.resolve("w.bin").toString();
    assertThat(refusalOf("location", absolute))
        .contains("must lie in the model's folder " + folder + ", but it is '" + absolute + "'")
        .endsWith("Export it again with its data beside it.");
  }

  @Test
  void aPathOutOfTheFolderIsRefused() throws Exception {
    assertThat(refusalOf("location", "../../etc/passwd"))
        .contains("must lie in the model's folder " + folder + ", but it is '../../etc/passwd'");
    assertThat(refusalOf("location", "inner/../../secret")).contains("'inner/../../secret'");
  }

  @Test
  void aLinkOutOfTheFolderIsRefusedAndItsTargetNamed() throws Exception {
    Path secret = elsewhere.resolve("secret");
    data(secret, 8);
    Files.createSymbolicLink(folder.resolve("w.bin"), secret);
    assertThat(refusalOf("location", "w.bin"))
        .contains("'w.bin' is a link to " + secret.toRealPath())
        .endsWith("If you trust the model, put the file itself there.");
  }

  @Test
  void aFolderOfLinksAsDownloadCachesKeepItIsTaken() throws Exception {
    data(elsewhere.resolve("blob-of-data"), 8);
    Path blob = elsewhere.resolve("blob-of-model");
    Files.write(blob, adding(externalWeight("w", "location", "w.bin")));
    Files.createSymbolicLink(folder.resolve("w.bin"), elsewhere.resolve("blob-of-data"));
    Path model = Files.createSymbolicLink(folder.resolve("linked.onnx"), blob);
    assertThat(Model.load(model).parameterBytes()).isEqualTo(8);
  }

  @Test
  void dataBeyondTheEndOfTheFileIsRefusedWithAllNumbers() throws Exception {
    data(folder.resolve("w.bin"), 10);
    assertThat(refusalOf("location", "w.bin", "offset", "4"))
        .contains("it takes 8 bytes at 4 of 'w.bin', which has 10")
        .endsWith("The file was cut off, or belongs to another model: fetch both again.");
    assertThat(refusalOf("location", "w.bin", "offset", "-1")).contains("8 bytes at -1 of");
    assertThat(refusalOf("location", "w.bin", "offset", Long.toString(Long.MAX_VALUE)))
        .contains("8 bytes at 9223372036854775807 of");
  }

  @Test
  void aLengthThatDoesNotFitTheTensorIsRefused() throws Exception {
    data(folder.resolve("w.bin"), 100);
    assertThat(refusalOf("location", "w.bin", "length", "99")).contains("8 bytes, but holds 99");
  }

  @Test
  void anOffsetThatIsNoNumberIsRefused() throws Exception {
    assertThat(refusalOf("location", "w.bin", "offset", "ten"))
        .contains("has the offset 'ten', which is no number");
  }

  @Test
  void anAddressOfMemoryIsNoFile() throws Exception {
    assertThat(refusalOf("location", "*/_ORT_MEM_ADDR_/*", "offset", "4096"))
        .contains("names no file, but '*/_ORT_MEM_ADDR_/*'");
    assertThat(refusalOf()).contains("names no file, but ''");
  }

  @Test
  void aModelFromMemoryHasNoDataUnlessAFolderIsGiven() {
    assertThat(refusal(adding(externalWeight("w", "location", "w.bin"))))
        .contains("its data lies in the file 'w.bin', but a model from memory has no folder")
        .endsWith("Load it from its file, or name the folder in ModelSource.OfBytes.");
  }
}
