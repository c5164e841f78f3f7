package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.cuda.driver.DriverAnswer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * CUDA's own runtime library, through its real bindings, with libraries of the driver that are made
 * here: no GPU is needed for what it says then.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RealRuntimeTest {
  private static final String NOTHING = "int nothing_of_the_driver;";
  private static final String STUB =
      """
      int cuInit(unsigned flags) { return 34; }
      int cuDriverGetVersion(int *version) { *version = 13010; return 34; }
      int cuGetProcAddress(const char *name, void **function, int version,
                           unsigned long long flags) { return 34; }
      int cuGetProcAddress_v2(const char *name, void **function, int version,
                              unsigned long long flags, void *status) { return 34; }
      """;

  @BeforeEach
  void onlyWithTheRuntime() {
    assumeTrue(
        getClass().getResource("/org/bytedeco/cuda/linux-x86_64/libcudart.so.13") != null,
        "CUDA's runtime library is on the class path with -Pcuda-redist only");
  }

  @Test
  void anEmptyDriverIsOneThatIsTooOld(@TempDir Path folder) throws Exception {
    ChildJvm child = ask(folder, NOTHING);
    assertThat(child.value("code")).isEqualTo("35");
    assertThat(child.value("status")).isEqualTo("DriverTooOld");
    assertThat(child.value("text")).contains("580", folder + "/libcuda.so.1", "older");
  }

  @Test
  void aDriverForLinkingOnlyIsAStub(@TempDir Path folder) throws Exception {
    ChildJvm child = ask(folder, STUB);
    assertThat(child.value("code")).isEqualTo("34");
    assertThat(child.value("status")).isEqualTo("StubDriver");
    assertThat(child.value("text")).contains(folder + "/libcuda.so.1", "stub");
  }

  private static ChildJvm ask(Path folder, String source) throws IOException, InterruptedException {
    SmallLibrary.compile(folder, "libcuda.so.1", source);
    return ChildJvm.run(
        folder,
        Map.of("LD_LIBRARY_PATH", folder.toString()),
        ChildJvm.classPath(),
        List.of(),
        Asking.class);
  }

  /** What the child runs. */
  static final class Asking {
    private Asking() {}

    public static void main(String... args) {
      DriverAnswer answer = DriverAnswer.ask();
      CudaStatus status = CudaSupport.problem(answer, 0).orElseThrow();
      System.out.println("code=" + answer.code());
      System.out.println("status=" + status.getClass().getSimpleName());
      System.out.println("text=" + status.text());
    }
  }
}
