package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.HoneException.CancelledException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What becomes of a call whose thread is interrupted. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class InterruptTest {
  private final ToySession toy = new ToySession();
  private final CountDownLatch go = new CountDownLatch(1);

  private Batcher open(BatchPolicy.Builder builder) {
    BatchPolicy policy = builder.evenIfItDoesNotPay().lanes(1).maxRows(1).build();
    Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000));
    toy.runs.set(0);
    toy.fault = (in, options) -> awaitUninterrupted(go);
    return batcher;
  }

  /** How a call ended, and whether its thread was interrupted then. */
  private record End(Object outcome, boolean interrupted) {}

  /** One call in a thread of its own, which tells how it ended. */
  private static final class Caller {
    final CompletableFuture<End> end = new CompletableFuture<>();
    final Thread thread;

    Caller(Supplier<Batch> call) {
      thread =
          new Thread(
              () -> {
                Object outcome;
                try {
                  outcome = call.get();
                } catch (RuntimeException e) {
                  outcome = e;
                }
                end.complete(new End(outcome, Thread.currentThread().isInterrupted()));
              });
      thread.start();
    }

    void awaitState(Thread.State state) {
      while (thread.getState() != state) {
        Thread.onSpinWait();
      }
    }
  }

  private CompletableFuture<Batch> occupy(Batcher batcher, Batch in) {
    CompletableFuture<Batch> first = batcher.runAsync(in);
    while (toy.runs.get() == 0) {
      Thread.onSpinWait();
    }
    return first;
  }

  @Test
  void aCallThatWaitsEndsAndIsNeverComputed() {
    try (Batcher batcher = open(BatchPolicy.builder());
        Batch in = ToySession.input(new long[] {1})) {
      CompletableFuture<Batch> first = occupy(batcher, in);
      Caller caller = new Caller(() -> batcher.run(in));
      caller.awaitState(Thread.State.WAITING);
      caller.thread.interrupt();
      End end = caller.end.join();
      assertThat(end.interrupted()).isTrue();
      assertThat(end.outcome())
          .isInstanceOfSatisfying(
              CancelledException.class, e -> assertThat(e).hasMessageContaining("interrupted"));
      assertThat(batcher.stats().now().queuedRows()).isZero();
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(1);
      go.countDown();
      first.join().close();
      assertThat(toy.runs).hasValue(1);
    }
  }

  @Test
  void aCallThatRunsOnALaneIsAnswered() {
    try (Batcher batcher = open(BatchPolicy.builder());
        Batch in = ToySession.input(new long[] {1})) {
      RunOptions timed = RunOptions.DEFAULT.withTimeout(Duration.ofMinutes(5));
      CountDownLatch held = new CountDownLatch(1);
      toy.fault = (inputs, options) -> awaitUninterrupted(held); // so that the next one queues
      CompletableFuture<Batch> first = occupy(batcher, in);
      Caller caller = new Caller(() -> batcher.run(in, timed));
      caller.awaitState(Thread.State.TIMED_WAITING);
      toy.fault = (inputs, options) -> awaitUninterrupted(go);
      held.countDown();
      while (toy.runs.get() < 2) {
        Thread.onSpinWait();
      }
      caller.thread.interrupt();
      go.countDown();
      End end = caller.end.join();
      assertThat(end.interrupted()).isTrue();
      assertThat(end.outcome()).isInstanceOfSatisfying(Batch.class, Batch::close);
      first.join().close();
    }
  }

  private static void awaitUninterrupted(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void aCallThatWaitsForRoomEnds() {
    BatchPolicy.Builder blocking =
        BatchPolicy.builder().maxQueueRows(1).blockWhenOverloaded(Duration.ofMinutes(10));
    try (Batcher batcher = open(blocking);
        Batch in = ToySession.input(new long[] {1})) {
      CompletableFuture<Batch> first = occupy(batcher, in);
      CompletableFuture<Batch> second = batcher.runAsync(in);
      Caller caller = new Caller(() -> batcher.run(in));
      caller.awaitState(Thread.State.TIMED_WAITING);
      caller.thread.interrupt();
      End end = caller.end.join();
      assertThat(end.interrupted()).isTrue();
      assertThat(end.outcome()).isInstanceOf(CancelledException.class);
      go.countDown();
      first.join().close();
      second.join().close();
    }
  }
}
