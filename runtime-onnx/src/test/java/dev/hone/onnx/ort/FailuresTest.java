package dev.hone.onnx.ort;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.Tensor;
import dev.hone.onnx.failure.FailedRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is said to help where ONNX Runtime fails. */
class FailuresTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA failure 2: out of memory ; GPU=0",
        "CUDNN_STATUS_EXECUTION_FAILED",
        "Value for session.intra_op.allow_spinning is not valid: 7",
        "GetFileLength for weights.bin failed: open file fail, errcode = 2",
      })
  void aFileIsNotBlamedForWhatIsNotInIt(String told) {
    assertThat(NativeModel.remedy(told)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Failed to load model because protobuf parsing failed.",
        "Load model from m.onnx failed:Protobuf parsing failed.",
      })
  void aFileThatCannotBeReadIsToBeFetchedAgain(String told) {
    assertThat(NativeModel.remedy(told)).isEqualTo("Fetch or export it again.");
  }

  @ParameterizedTest
  @ValueSource(strings = {"MatMul dimension mismatch", "Dimension mismatch in Gemm"})
  void shapesThatDoNotGoTogetherAreRecognizedHoweverTheyAreWritten(String told) {
    assertThat(explained(told)).hasMessageContaining("The shapes do not go together");
  }

  @Test
  void aRunThatFailsOnTheGpuIsNoMatterOfShapes() {
    assertThat(explained("CUDA failure 700"))
        .hasMessage("The model 'm' could not be run on {x=FLOAT32[1]}. CUDA failure 700");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Could not create the cache: Set the \"org.bytedeco.javacpp.cachedir\" system property.",
        "No space left on device",
        "/mnt/libjniOpenCL.so: failed to map segment from shared object",
        "/mnt/libonnxruntime.so: Read-only file system",
      })
  void whereTheLibraryCannotBeUnpackedTheFolderIsToBlame(String told) {
    assertThat(Absence.explain("Linux", "amd64", false, new UnsatisfiedLinkError(told)))
        .contains(told, "unpacked into a folder", "org.bytedeco.javacpp.cachedir")
        .doesNotContain("dependencies");
  }

  @Test
  void whereMemoryIsShortTheFolderIsNotToBlame() {
    String told = "/mnt/a.so: failed to map segment from shared object: Cannot allocate memory";
    assertThat(Absence.explain("Linux", "amd64", false, new UnsatisfiedLinkError(told)))
        .contains(told)
        .doesNotContain("noexec");
  }

  @Test
  void whereTheLibraryIsNotThereTheDependenciesAreToBlame() {
    String told = "Could not find jnionnxruntime in class, module, and library paths.";
    assertThat(Absence.explain("Linux", "amd64", false, new UnsatisfiedLinkError(told)))
        .contains(told, "dependencies", "glibc");
  }

  private static RuntimeException explained(String told) {
    try (Batch in = Batch.of("x", Tensor.of(new float[1]))) {
      return FailedRun.explain(new HoneException(told), "m", in);
    }
  }
}
