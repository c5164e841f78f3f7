package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NeedsGpuTest {
  @Test
  void whatNeedsAGpuIsSkippedWithTheDiagnosisAsTheReason() {
    CudaStatus status = new CudaStatus.NoGpu();
    CudaReport report = new CudaReport(status, List.of(status), List.of());
    assertThat(NeedsGpu.evaluate(report).isDisabled()).isTrue();
    assertThat(NeedsGpu.evaluate(report).getReason().orElseThrow())
        .contains(status.text(), status.remedy());
  }

  @Test
  void whatNeedsAGpuRunsWhereNothingIsInTheWay() {
    CudaReport report =
        new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());
    assertThat(NeedsGpu.evaluate(report).isDisabled()).isFalse();
  }
}
