package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What virtual threads ask for runs on platform threads, where calls share no batches, too. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualThreadsTest {
  private final ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS);

  @BeforeEach
  void needVirtualThreads() {
    assumeTrue(Runtime.version().feature() >= 21, "virtual threads came with Java 21");
  }

  private Batcher open() {
    Batcher batcher =
        Batcher.over(toy, BatchPolicy.builder().warmUp(Duration.ofMillis(5)).lanes(1).build());
    assertThat(batcher.isBatching()).isFalse();
    return batcher;
  }

  private static <T> CompletableFuture<T> onVirtualThread(Supplier<T> task) throws Exception {
    CompletableFuture<T> end = new CompletableFuture<>();
    Runnable calls =
        () -> {
          try {
            end.complete(task.get());
          } catch (Throwable e) {
            end.completeExceptionally(e);
          }
        };
    Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, calls);
    return end;
  }

  @Test
  void theyRunOnTheThreadOfALane() throws Exception {
    AtomicReference<String> ran = new AtomicReference<>();
    try (Batcher batcher = open();
        Batch in = ToySession.input(new long[] {1, 2})) {
      toy.fault = (inputs, options) -> ran.set(Thread.currentThread().getName());
      onVirtualThread(() -> batcher.run(in)).join().close();
      assertThat(ran.get()).isEqualTo("hone-batcher-0");
      try (Batch out = batcher.run(in)) {
        assertThat(ran.get()).isEqualTo(Thread.currentThread().getName());
        onVirtualThread(
                () -> {
                  batcher.run(in, out);
                  return out;
                })
            .join();
      }
      assertThat(ran.get()).isEqualTo("hone-batcher-0");
      toy.fault =
          (inputs, options) -> {
            throw new HoneException("injected");
          };
      assertThatThrownBy(() -> onVirtualThread(() -> batcher.run(in)).join())
          .cause()
          .isExactlyInstanceOf(HoneException.class)
          .hasMessage("injected");
    }
  }

  @Test
  void theyEndEarlyWhileTheyWaitAndAreCounted() throws Exception {
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    try (Batcher batcher = open();
        Batch in = ToySession.input(new long[] {1, 2})) {
      toy.fault =
          (inputs, options) -> {
            runs.countDown();
            try {
              go.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          };
      CompletableFuture<Batch> first = onVirtualThread(() -> batcher.run(in));
      runs.await();
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(20));
      assertThatThrownBy(() -> onVirtualThread(() -> batcher.run(in, soon)).join())
          .hasCauseInstanceOf(DeadlineException.class)
          .hasMessageContaining("waited in the queue, 20 ms after the call");
      Cancellation cancellation = new Cancellation();
      cancellation.cancel();
      RunOptions cancelled = RunOptions.DEFAULT.withCancellation(cancellation);
      assertThatThrownBy(() -> onVirtualThread(() -> batcher.run(in, cancelled)).join())
          .hasCauseInstanceOf(CancelledException.class);
      go.countDown();
      first.join().close();
      assertThat(batcher.stats().count(Outcome.EXPIRED)).isEqualTo(1);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(1);
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(1);
    }
  }
}
