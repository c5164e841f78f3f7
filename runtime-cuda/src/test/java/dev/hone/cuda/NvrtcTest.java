package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.HoneException;
import dev.hone.cuda.driver.NvrtcCompiler;
import dev.hone.cuda.kernels.KernelSource;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** NVIDIA's compiler as a library takes the kernels: it needs the driver's library, but no GPU. */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class NvrtcTest {
  private static final int[] ARCHITECTURES = {75, 80, 86, 89, 90, 100, 120};

  @Test
  void bothKernelsCompileForSevenArchitectures(@TempDir Path folder) throws Exception {
    assumeTrue(
        getClass().getResource("/org/bytedeco/cuda/linux-x86_64/libnvrtc.so.13") != null,
        "NVRTC is on the class path with -Pcuda-redist only");
    SmallLibrary.empty(folder, "libcuda.so.1");
    ChildJvm child =
        ChildJvm.run(
            folder,
            Map.of("LD_LIBRARY_PATH", folder.toString()),
            ChildJvm.classPath(),
            List.of(),
            Compiling.class);
    assertThat(child.value("version")).startsWith("NVRTC 13.");
    for (KernelSource source : KernelSource.values()) {
      for (int architecture : ARCHITECTURES) {
        String cubin = child.value(source + " " + architecture);
        assertThat(cubin).startsWith("7f454c46 ");
        assertThat(Integer.parseInt(cubin.substring(9))).isGreaterThan(1000);
      }
    }
    assertThat(child.value("refused")).contains("image.cu", "sm_70", "error");
  }

  /** What the child runs. */
  static final class Compiling {
    private Compiling() {}

    public static void main(String... args) {
      NvrtcCompiler compiler = NvrtcCompiler.find().orElseThrow();
      System.out.println("version=" + compiler.version());
      for (KernelSource source : KernelSource.values()) {
        for (int architecture : ARCHITECTURES) {
          byte[] cubin = compiler.compile(source, architecture);
          System.out.printf(
              "%s %d=%02x%02x%02x%02x %d%n",
              source, architecture, cubin[0], cubin[1], cubin[2], cubin[3], cubin.length);
        }
      }
      try {
        compiler.compile(KernelSource.IMAGE, 70);
      } catch (HoneException e) {
        System.out.println("refused=" + String.valueOf(e.getMessage()).replace('\n', ' '));
      }
    }
  }
}
