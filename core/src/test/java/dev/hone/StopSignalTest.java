package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class StopSignalTest {
  private static final RunOptions HOUR = RunOptions.DEFAULT.withTimeout(Duration.ofHours(1));

  private static StopSignal of(RunOptions options, long deadlineNanos) {
    return Objects.requireNonNull(StopSignal.of(options, deadlineNanos));
  }

  @Test
  void nothingStopsARunWithoutDeadlineAndSwitch() {
    assertThat(StopSignal.of(RunOptions.DEFAULT, 0)).isNull();
  }

  @Test
  void aDeadlineThatHasPassedStopsAtOnce() {
    try (StopSignal stop = of(HOUR, System.nanoTime() - 1)) {
      assertThat(stop.signal().isCancelled()).isTrue();
      assertThatThrownBy(stop::throwIfStopped)
          .isInstanceOf(DeadlineException.class)
          .hasMessageContaining("timeout of 3600000 ms");
    }
  }

  @Test
  void aDeadlineStopsWhoeverListens() throws InterruptedException {
    CountDownLatch stopped = new CountDownLatch(1);
    try (StopSignal stop = of(HOUR, System.nanoTime() + 1_000_000)) {
      stop.signal().onCancel(stopped::countDown);
      stopped.await();
      assertThatThrownBy(stop::throwIfStopped).isInstanceOf(DeadlineException.class);
    }
  }

  @Test
  void whatComesFirstIsTheCause() {
    Cancellation cancellation = new Cancellation();
    try (StopSignal stop = of(HOUR.withCancellation(cancellation), System.nanoTime() - 1)) {
      cancellation.cancel();
      assertThatThrownBy(stop::throwIfStopped).isInstanceOf(DeadlineException.class);
    }
    long later = System.nanoTime() + Duration.ofHours(1).toNanos();
    try (StopSignal stop = of(HOUR.withCancellation(cancellation), later)) {
      assertThatThrownBy(stop::throwIfStopped).isInstanceOf(CancelledException.class);
    }
  }

  @Test
  void whatComesAfterTheRunStopsNothing() {
    Cancellation cancellation = new Cancellation();
    StopSignal stop = of(RunOptions.DEFAULT.withCancellation(cancellation), 0);
    stop.close();
    cancellation.cancel();
    stop.throwIfStopped();
    assertThat(stop.signal().isCancelled()).isFalse();
  }
}
