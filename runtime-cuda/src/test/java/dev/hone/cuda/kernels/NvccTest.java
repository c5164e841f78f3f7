package dev.hone.cuda.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
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
  void aKernelCompilesForSevenArchitectures(KernelSource source) {
    KernelCompiler nvcc = nvcc();
    for (int architecture : ARCHITECTURES) {
      isCubin(nvcc.compile(source, architecture));
    }
  }

  @ParameterizedTest
  @EnumSource
  void aKernelAlwaysCompilesToTheSame(KernelSource source) {
    KernelCompiler nvcc = nvcc();
    assertThat(nvcc.compile(source, 90)).isEqualTo(nvcc.compile(source, 90));
  }

  @Test
  void anArchitectureThatIsNoMoreIsRefusedInTheCompilersWords() {
    KernelCompiler nvcc = nvcc();
    assertThatThrownBy(() -> nvcc.compile(KernelSource.IMAGE, 70))
        .hasMessageContainingAll("image.cu", "sm_70");
  }
}
