package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.onnx.quantize.CpuFeatures.Answer;
import dev.hone.onnx.quantize.CpuFeatures.Architecture;
import org.junit.jupiter.api.Test;

class CpuPolicyTest {
  private static final String AVX512 = "avx2 avx512f avx512bw avx512dq avx512vl ";

  private static CpuFeatures x86(String flags) {
    String processor = "processor\t: 0\nmodel name\t: some\nflags\t\t: fpu " + flags + "\n\n";
    return CpuFeatures.parse(Architecture.X86_64, processor + processor);
  }

  @Test
  void processorsWithVnniAreExact() {
    assertThat(x86(AVX512 + "avx512_vnni").saturates()).isEqualTo(Answer.NO);
    assertThat(x86("avx2 avx_vnni").saturates()).isEqualTo(Answer.NO);
    assertThat(new CpuPolicy(x86("avx2 avx_vnni")).sessionConfiguration()).isEmpty();
    assertThat(new CpuPolicy(x86("avx2 avx_vnni")).portableWeights())
        .isEqualTo(Grid.INT8_SYMMETRIC);
  }

  @Test
  void processorsWithoutVnniGetExactProductsByConfiguration() {
    CpuPolicy avx2 = new CpuPolicy(x86("avx2 fma"));
    assertThat(avx2.features().saturates()).isEqualTo(Answer.YES);
    assertThat(avx2.sessionConfiguration()).containsEntry("session.x64quantprecision", "1");
    assertThat(avx2.portableWeights()).isEqualTo(Grid.INT8_REDUCED);
    assertThat(avx2.explanation()).contains("avx2").contains("16 bits");
    assertThat(x86(AVX512).saturates()).isEqualTo(Answer.YES);
  }

  @Test
  void avxVnniDoesNotHelpWhereAvx512IsPreferredWithoutItsOwn() {
    assertThat(x86(AVX512 + "avx_vnni").saturates()).isEqualTo(Answer.YES);
  }

  @Test
  void anUnknownProcessorIsTreatedAsOneThatSaturates() {
    CpuPolicy unknown = new CpuPolicy(CpuFeatures.unknown(Architecture.X86_64));
    assertThat(unknown.features().saturates()).isEqualTo(Answer.UNKNOWN);
    assertThat(unknown.sessionConfiguration()).isNotEmpty();
    assertThat(unknown.explanation()).contains("not known");
  }

  @Test
  void armNeverSaturatesKnownOrNot() {
    assertThat(CpuFeatures.unknown(Architecture.ARM64).saturates()).isEqualTo(Answer.NO);
    CpuFeatures arm =
        CpuFeatures.parse(Architecture.ARM64, "Features\t: fp asimd asimddp i8mm bf16\n");
    assertThat(arm.has("asimddp", "i8mm")).isEqualTo(Answer.YES);
    assertThat(arm.summary()).isEqualTo("ARM64, asimddp, i8mm, bf16");
  }

  @Test
  void aFeatureCountsOnlyWhereAllProcessorsHaveIt() {
    CpuFeatures mixed =
        CpuFeatures.parse(
            Architecture.X86_64, "flags : avx2 avx_vnni\nflags : avx2\nbugs : none\n");
    assertThat(mixed.has("avx_vnni")).isEqualTo(Answer.NO);
    assertThat(mixed.has("avx2")).isEqualTo(Answer.YES);
  }

  @Test
  void aListWithoutFeaturesIsNotKnown() {
    assertThat(CpuFeatures.parse(Architecture.X86_64, "processor: 0\n").known()).isFalse();
    assertThat(CpuFeatures.architectureOf("riscv64")).isEqualTo(Architecture.OTHER);
    assertThat(CpuFeatures.here().summary()).isNotEmpty();
  }
}
