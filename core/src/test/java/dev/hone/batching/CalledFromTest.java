package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CalledFromTest {
  /** Who waits for a deadline runs no batch: a lane does. */
  private static final RunOptions ON_A_LANE = RunOptions.DEFAULT.withTimeout(Duration.ofMinutes(5));

  private final ToySession toy = new ToySession();

  private Batcher open() {
    BatchPolicy policy =
        BatchPolicy.builder().lanes(1).maxRows(4).linger(Duration.ofMillis(1)).build();
    return Batcher.over(toy, policy, ToySession.costs(1_000_000));
  }

  private static boolean isFromHere(Throwable thrown) {
    return Arrays.stream(thrown.getStackTrace())
        .anyMatch(frame -> frame.getClassName().equals(CalledFromTest.class.getName()));
  }

  @Test
  void whatFailsOnALaneTellsWhereItWasCalled() {
    try (Batcher batcher = open();
        Batch in = ToySession.input(new long[] {ToySession.POISON})) {
      Throwable thrown = catchThrowable(() -> batcher.run(in, ON_A_LANE));
      assertThat(thrown).isExactlyInstanceOf(HoneException.class).hasMessage("Poison.");
      assertThat(thrown.getSuppressed()).hasSize(1);
      Throwable from = thrown.getSuppressed()[0];
      assertThat(from).isInstanceOf(CalledFrom.class).hasMessageContaining("was made here");
      assertThat(isFromHere(from)).isTrue();
    }
  }

  @Test
  void whatFailsInItsCallersThreadTellsNothingTwice() {
    BatchPolicy policy = BatchPolicy.builder().evenIfItDoesNotPay().lanes(1).maxRows(4).build();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {ToySession.POISON})) {
      Throwable thrown = catchThrowable(() -> batcher.run(in));
      assertThat(isFromHere(thrown)).isTrue();
      assertThat(thrown.getSuppressed()).isEmpty();
    }
  }

  @Test
  void aCallThatIsShedKnowsItsCallerAndTellsNothingTwice() throws InterruptedException {
    Semaphore mayRun = new Semaphore(0);
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(1)
            .maxRows(1)
            .maxQueueRows(1)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST)
            .build();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000));
        Batch in = ToySession.input(new long[] {1})) {
      toy.fault = (inputs, options) -> mayRun.acquireUninterruptibly();
      CompletableFuture<Batch> runs = batcher.runAsync(in);
      while (batcher.stats().now().queuedRows() > 0) {
        Thread.onSpinWait();
      }
      Thread waits = new Thread(() -> thrown.set(catchThrowable(() -> batcher.run(in))));
      waits.start();
      while (batcher.stats().now().queuedRows() == 0) {
        Thread.onSpinWait();
      }
      CompletableFuture<Batch> newer = batcher.runAsync(in);
      waits.join();
      mayRun.release(2);
      runs.join().close();
      newer.join().close();
    }
    assertThat(thrown.get())
        .isInstanceOf(OverloadException.class)
        .hasNoSuppressedExceptions()
        .matches(CalledFromTest::isFromHere);
  }

  @Test
  void anExceptionThatIsThrownAgainAndAgainDoesNotGrow() {
    HoneException same = new HoneException("the same each time");
    try (Batcher batcher = open();
        Batch in = ToySession.input(new long[] {1})) {
      toy.fault =
          (inputs, options) -> {
            throw same;
          };
      for (int i = 0; i < 50; i++) {
        assertThat(catchThrowable(() -> batcher.run(in, ON_A_LANE))).isSameAs(same);
      }
      assertThat(same.getSuppressed()).hasSize(8);
    }
  }
}
