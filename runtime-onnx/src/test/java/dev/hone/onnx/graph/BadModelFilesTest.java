package dev.hone.onnx.graph;

import static dev.hone.onnx.graph.Protos.input;
import static dev.hone.onnx.graph.Protos.model;
import static dev.hone.onnx.graph.Protos.node;
import static dev.hone.onnx.graph.Protos.opset;
import static dev.hone.onnx.graph.Protos.output;
import static dev.hone.onnx.graph.Protos.refusal;
import static dev.hone.onnx.testing.ProtoField.encode;
import static dev.hone.onnx.testing.ProtoField.join;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Model;
import dev.hone.Session;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is given for a model and is none, or none that can be run: what the message says. */
class BadModelFilesTest {
  private static final byte[] SOUND = model(input("x"), node("Identity", "y", "x"), output("y"));

  @TempDir
  @SuppressWarnings("NullAway.Init") // JUnit sets it
  private Path folder;

  private String refusalOf(byte[] content) throws Exception {
    Path file = Files.write(folder.resolve("model.onnx"), content);
    return refusal(() -> Model.load(file));
  }

  private String refusalOf(String content) throws Exception {
    return refusalOf(content.getBytes(StandardCharsets.ISO_8859_1));
  }

  @Test
  void aMissingFileIsNamedWithTheFullPath() {
    Path file = Path.of("no-such-folder", "model.onnx");
    assertThat(refusal(() -> Model.load(file)))
        .contains("There is no model file '" + file + "'")
        .contains("looked for at " + file.toAbsolutePath())
        .contains("Check the path");
  }

  @Test
  void anEmptyFileIsSaidToBeEmpty() throws Exception {
    assertThat(refusalOf("")).contains("model.onnx' is empty (0 bytes). Fetch or export it again.");
  }

  @Test
  void aFolderIsSaidToBeOne() {
    assertThat(refusal(() -> Model.load(folder)))
        .contains("'" + folder + "' is a folder. Name the .onnx file inside it.");
  }

  @Test
  void textIsShown() throws Exception {
    assertThat(refusalOf("Model card\n\nThis model does everything.\n"))
        .contains("(40 bytes) is no ONNX model: it is text that begins 'Model card'")
        .contains("Fetch the .onnx file itself.");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "version https://git-lfs.github.com/spec/v1 | Git LFS pointer | Run 'git lfs pull'",
        "<!DOCTYPE html><html></html> | a web page | Download the file itself",
        "PK\u0003\u0004xxxxxxxx | a ZIP archive | Unpack it, or export the model to ONNX",
        "'\u001f\u008b\u0008xxxxxx' | compressed with gzip | Unpack it",
        "\u0080\u0002}q | a Python pickle | Export the model to ONNX",
        "GGUF3 | a GGUF file | Export the model to ONNX",
        "xxxxTFL3xxxx | a TensorFlow Lite file | Export the model to ONNX",
        "xxxxORTMxxxx | ORT format | Use the .onnx file that it was made from",
        "xxxxxxxx{\"__metadata__\" | a safetensors file | Export the model to ONNX",
      })
  void aFormatThatIsTakenForOnnxIsNamed(String content, String what, String remedy)
      throws Exception {
    assertThat(refusalOf(content)).contains("is no ONNX model: it is").contains(what, remedy);
  }

  @Test
  void aCutFileIsRefusedWhereverItWasCut() throws Exception {
    for (int length = 1; length < SOUND.length; length++) {
      byte[] cut = Arrays.copyOf(SOUND, length);
      assertThat(refusal(cut)).contains("m'").contains("etch or export it again");
    }
    assertThat(refusalOf(Arrays.copyOf(SOUND, SOUND.length - 1)))
        .contains("is no readable ONNX model", "bytes follow, but only")
        .contains("It has " + (SOUND.length - 1) + " bytes; if that is less than the original")
        .contains("Fetch or export it again.");
  }

  @Test
  void aTooNewOpsetIsRefusedWithBothNumbers() {
    byte[] model = join(encode(1, 10), opset("", 99), encode(7, node("Identity", "y", "x")));
    assertThat(refusal(model))
        .contains("'m' has the opset 99", "ONNX Runtime 1.24.1 runs is 25")
        .contains("Export it for 25 or older.");
  }

  @Test
  void aTooNewOpsetOfAnotherDomainIsNamedWithTheDomain() {
    byte[] model = join(SOUND, opset("ai.onnx.ml", 7));
    assertThat(refusal(model)).contains("the opset of the domain 'ai.onnx.ml' 7", "is 5");
  }

  @Test
  void aTooNewFormatIsRefusedWithBothNumbers() {
    assertThat(refusal(join(SOUND, encode(1, 77)))).contains("the IR version 77", "is 13");
  }

  @Test
  void aModelWithoutOpsetIsRefused() {
    assertThat(refusal(join(encode(1, 10), encode(7, node("Identity", "y", "x")))))
        .contains("must say which opset its operators are of, but 'm' does not. Export it again.");
  }

  @Test
  void anOpsetBelowOneIsRefused() {
    assertThat(refusal(join(SOUND, opset("", 0)))).contains("must be at least 1, but 'm' has 0.");
  }

  @Test
  void anUnknownOperatorIsNamedWhenTheModelIsOpened() {
    Model model = Model.load(model(input("x"), node("Frobnicate", "y", "x"), output("y")));
    assertThat(refusal(() -> Session.open(model).close()))
        .contains("ONNX Runtime 1.24.1 cannot open the model 'memory'")
        .contains("Frobnicate");
  }
}
