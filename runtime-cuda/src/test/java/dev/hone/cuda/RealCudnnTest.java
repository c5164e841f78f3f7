package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.cuda.driver.CudnnVersion;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** cuDNN is asked through its real bindings, where parts of it of a few lines answer. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class RealCudnnTest {
  private static final String NATIVES = "/org/bytedeco/cuda/linux-x86_64/";

  @BeforeEach
  void onlyWithTheBindings() {
    assumeTrue(
        getClass().getResource(NATIVES + "libjnicudnn.so") != null,
        "CUDA's bindings are on the class path with -Pgpu or -Pcuda-redist only");
    assumeTrue(
        getClass().getResource(NATIVES + "libcudart.so.13") != null
            || Files.exists(Path.of("/usr/local/cuda/lib64/libcudart.so.13")),
        "libcudart.so.13 is neither on the class path nor in /usr/local/cuda/lib64");
  }

  private static String said(Path folder) throws Exception {
    for (String soname : List.of("libcuda.so.1", "libcublas.so.13", "libcublasLt.so.13")) {
      SmallLibrary.empty(folder, soname);
    }
    return ChildJvm.run(
            folder,
            Map.of("LD_LIBRARY_PATH", folder.toString()),
            ChildJvm.classPath(),
            List.of(),
            Asking.class)
        .value("said");
  }

  @Test
  void theVersionIsToldAsItsPackagesTellIt(@TempDir Path folder) throws Exception {
    for (String part : List.of("cnn", "adv", "ops")) {
      SmallLibrary.empty(folder, "libcudnn_" + part + ".so.9");
    }
    SmallLibrary.compile(
        folder, "libcudnn_graph.so.9", "unsigned long cudnnGetVersion(void) { return 91900; }");
    assertThat(said(folder)).isEqualTo("cuDNN 9.19.0");
  }

  @Test
  void aPartThatIsMissingIsNamed(@TempDir Path folder) throws Exception {
    assertThat(said(folder)).contains("cuDNN's version cannot be asked for", "libcudnn_");
  }

  /** What the child runs. */
  static final class Asking {
    private Asking() {}

    public static void main(String... args) {
      System.out.println("said=" + CudnnVersion.ask());
    }
  }
}
