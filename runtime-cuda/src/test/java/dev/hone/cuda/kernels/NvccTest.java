package dev.hone.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** NVIDIA's own compiler takes the kernels, where it is installed. */
class NvccTest {
  private static final int[] ARCHITECTURES = {75, 80, 86, 89, 90, 100, 120};

  private static KernelCompiler nvcc() {
    Optional<NvccCompiler> nvcc = NvccCompiler.find();
    Assumptions.assumeTrue(
        nvcc.isPresent(), "nvcc is neither on the PATH nor in /usr/local/cuda/bin");
    return nvcc.orElseThrow();
  }

  private static void isCubin(byte[] cubin) {
    assertThat(cubin).hasSizeGreaterThan(1000).startsWith(0x7F, 'E', 'L', 'F');
  }

  @ParameterizedTest
  @EnumSource
  void aKernelCompilesForTheNewestArchitectureInWideUse(KernelSource source) {
    isCubin(nvcc().compile(source, 90));
  }

  @ParameterizedTest
  @EnumSource
  @Tag("slow")
  void aKernelCompilesForSevenArchitecturesAndAlwaysToTheSame(KernelSource source) {
    KernelCompiler nvcc = nvcc();
    for (int architecture : ARCHITECTURES) {
      byte[] cubin = nvcc.compile(source, architecture);
      isCubin(cubin);
      System.out.println(
          source.fileName() + " for sm_" + architecture + ": " + cubin.length + " bytes");
      assertThat(nvcc.compile(source, architecture)).isEqualTo(cubin);
    }
  }

  @Test
  @Tag("slow")
  void anArchitectureThatIsNoMoreIsRefusedInTheCompilersWords() {
    KernelCompiler nvcc = nvcc();
    assertThatThrownBy(() -> nvcc.compile(KernelSource.IMAGE, 70))
        .hasMessageContainingAll("image.cu", "sm_70");
  }
}
