package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.Session;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The report on the machine that runs the tests. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ThisMachineTest {
  private static boolean hasGpu() {
    return Files.exists(Path.of("/dev/nvidia0")) || Files.exists(Path.of("/dev/dxg"));
  }

  @Test
  void withoutAGpuEverythingThatIsMissingIsNamedTogether() {
    CudaReport report = CudaDiagnostics.report();
    assumeTrue(!hasGpu(), () -> "this machine has a GPU: " + report);
    assumeTrue(System.getProperty("os.name").equals("Linux"), "libraries are named as on Linux");
    assumeTrue(System.getProperty("os.arch").equals("amd64"), "the provider is for x86-64");
    assertThat(report.isReady()).isFalse();
    assertThat(report.toString()) // what is here by chance is named as found
        .contains(
            "libcuda.so.1",
            "libcublas.so.13",
            "libcublasLt.so.13",
            "libcufft.so.12",
            "libcudnn.so.9",
            "libcudart.so.13");
  }

  @Test
  void lookingLoadsNothingOfCudaOrOnnxRuntime(@TempDir Path folder) throws Exception {
    List<String> lines = classesOf(folder, Looking.class);
    assertThat(lines).anyMatch(line -> line.contains("dev.hone.cuda.CudaDiagnostics "));
    assertThat(lines).noneMatch(line -> line.contains(" org.bytedeco."));
  }

  @Test
  void aSessionOnTheCpuLoadsNothingOfCuda(@TempDir Path folder) throws Exception {
    List<String> lines = classesOf(folder, Computing.class);
    assertThat(lines).anyMatch(line -> line.contains(" org.bytedeco.onnxruntime.OrtApi "));
    assertThat(lines).contains("computed on cpu");
    assertThat(lines)
        .filteredOn(line -> line.matches("(?i).*\\[class,load\\] \\S*cuda.*"))
        .isNotEmpty() // the classes of this test, and all that ONNX Runtime's binding consists of
        .allMatch(
            line -> line.contains("/test-classes/") || line.contains(" org.bytedeco.onnxruntime."));
  }

  private static List<String> classesOf(Path folder, Class<?> main) throws Exception {
    List<String> options = List.of("-Xlog:class+load:stdout:tags");
    return ChildJvm.run(folder, Map.of(), ChildJvm.classPath(), options, main).lines();
  }

  /** What a child runs. */
  static final class Computing {
    private Computing() {}

    public static void main(String... args) {
      try (Session session = Session.open(OneProduct.model());
          Batch in = OneProduct.input();
          Batch out = session.run(in)) {
        System.out.println("computed on " + session.device());
      }
    }
  }

  /** What a child runs. */
  static final class Looking {
    private Looking() {}

    public static void main(String... args) {
      System.out.println(CudaDiagnostics.report());
    }
  }
}
