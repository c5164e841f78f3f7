package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
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
    Path output = folder.resolve("output.txt");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xlog:class+load",
                "-cp",
                System.getProperty("java.class.path"),
                Looking.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
    List<String> lines = Files.readAllLines(output, StandardCharsets.UTF_8);
    assertThat(process.exitValue()).as("%s", lines).isZero();
    assertThat(lines).anyMatch(line -> line.contains("dev.hone.cuda.CudaDiagnostics "));
    assertThat(lines).noneMatch(line -> line.contains(" org.bytedeco."));
  }

  /** What the child runs. */
  static final class Looking {
    private Looking() {}

    public static void main(String... args) {
      System.out.println(CudaDiagnostics.report());
    }
  }
}
