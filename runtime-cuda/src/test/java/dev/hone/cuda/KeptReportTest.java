package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** How often the machine is looked at. */
class KeptReportTest {
  private static final CudaReport READY =
      new CudaReport(new CudaStatus.Ready("580.95", List.of()), List.of(), List.of());
  private static final CudaReport NO_GPU =
      new CudaReport(new CudaStatus.NoGpu(), List.of(new CudaStatus.NoGpu()), List.of());

  private final AtomicLong clock = new AtomicLong(-5);
  private final AtomicInteger looks = new AtomicInteger();
  private CudaReport found = READY;
  private final KeptReport report =
      new KeptReport(
          () -> {
            looks.incrementAndGet();
            return found;
          },
          clock::get);

  @Test
  void nothingIsLookedAtBeforeSomebodyAsks() {
    assertThat(looks).hasValue(0);
  }

  @Test
  void aMachineThatIsReadyIsLookedAtOnce() {
    assertThat(report.get()).isSameAs(READY);
    clock.addAndGet(86_400_000_000_000L);
    assertThat(report.get()).isSameAs(READY);
    assertThat(looks).hasValue(1);
  }

  @Test
  void aMachineThatIsNotReadyIsLookedAtAgainAfterAWhileSoThatPuttingItRightHelps() {
    found = NO_GPU;
    assertThat(report.get()).isSameAs(NO_GPU);
    found = READY;
    clock.addAndGet(9_999_999_999L);
    assertThat(report.get()).isSameAs(NO_GPU);
    assertThat(looks).hasValue(1);
    clock.addAndGet(1);
    assertThat(report.get()).isSameAs(READY);
    assertThat(looks).hasValue(2);
  }
}
