package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Dispatch;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What ends a long linger. If nothing does, a test runs out of time. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LingerTest {
  private final Batcher batcher =
      Batcher.over(
          new ToySession(),
          BatchPolicy.builder()
              .evenIfItDoesNotPay()
              .lanes(1)
              .maxRows(2)
              .linger(Duration.ofDays(3))
              .maxQueueDelay(Duration.ofDays(3))
              .build(),
          ToySession.costs(1_000_000));

  private CompletableFuture<Batch> ask(RunOptions options) {
    try (Batch in = ToySession.input(new long[] {1, 2})) {
      return batcher.runAsync(in, options);
    }
  }

  /** A call for which the lane is lingering by now. */
  private CompletableFuture<Batch> askAndAwaitLingering() {
    CompletableFuture<Batch> future = ask(RunOptions.DEFAULT);
    while (Thread.getAllStackTraces().keySet().stream()
        .noneMatch(
            thread ->
                thread.getName().equals("hone-batcher-0")
                    && thread.getState() == Thread.State.TIMED_WAITING)) {
      Thread.onSpinWait();
    }
    return future;
  }

  @Test
  void aBatchThatBecomesFullRunsAtOnce() {
    try (batcher) {
      CompletableFuture<Batch> first = askAndAwaitLingering();
      ask(RunOptions.DEFAULT).join().close();
      first.join().close();
      assertThat(batcher.stats().batches().count(Dispatch.FULL)).isEqualTo(1);
    }
  }

  @Test
  void closingDoesNotWaitForMoreRows() {
    CompletableFuture<Batch> only = askAndAwaitLingering();
    batcher.close();
    only.join().close();
    assertThat(batcher.stats().batches().rows().sum()).isEqualTo(1);
  }

  @Test
  void whoHasADeadlineDoesNotMissItBehindOneThatHasNone() {
    try (Batcher patient = patientOfThree()) {
      CompletableFuture<Batch> first;
      CompletableFuture<Batch> second;
      try (Batch in = ToySession.input(new long[] {1, 2})) {
        first = patient.runAsync(in);
        second = patient.runAsync(in, RunOptions.DEFAULT.withTimeout(Duration.ofSeconds(30)));
      }
      second.join().close();
      first.join().close();
      assertThat(patient.stats().batches().count(Dispatch.DEADLINE)).isEqualTo(1);
    } finally {
      batcher.close();
    }
  }

  private static Batcher patientOfThree() {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(1)
            .maxRows(3)
            .linger(Duration.ofDays(3))
            .maxQueueDelay(Duration.ofDays(3))
            .build();
    return Batcher.over(new ToySession(), policy, ToySession.costs(1_000_000));
  }
}
