package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.Session;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * What is promised of queues holds where rows may share no batch, and each call runs alone, too.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LoneCallsTest {
  private ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS);
  private final CountDownLatch go = new CountDownLatch(1);

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().warmUp(Duration.ofMillis(5)).lanes(1);
  }

  private Batcher open(BatchPolicy.Builder policy) {
    Batcher batcher = Batcher.over(toy, policy.build());
    assertThat(batcher.isBatching()).isFalse();
    return batcher;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static CompletableFuture<Batch> ask(Batcher batcher, RunOptions options, long... ids) {
    try (Batch in = ToySession.input(ids)) { // closed before it runs
      return batcher.runAsync(in, options);
    }
  }

  /** Has the only lane taken, by a call that runs until {@code go}. */
  private CompletableFuture<Batch> keepBusy(Batcher batcher) {
    CountDownLatch runs = new CountDownLatch(1);
    toy.fault =
        (in, options) -> {
          runs.countDown();
          await(go);
        };
    CompletableFuture<Batch> first = ask(batcher, RunOptions.DEFAULT, 1);
    await(runs);
    return first;
  }

  /** The first ids of the calls as they run, from now on. */
  private List<Long> order() {
    List<Long> order = Collections.synchronizedList(new ArrayList<>());
    toy.fault = (in, options) -> order.add(in.get("input_ids").toLongArray()[0]);
    return order;
  }

  @Test
  void asynchronousCallsAreBoundedThoughNothingSaysSo() {
    toy = new ToySession(ToySession.Trait.FIXED_BATCH); // of which a run's time is not measured
    try (Batcher batcher = open(policy())) {
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      calls.add(keepBusy(batcher));
      for (int i = 0; i < 16_385; i++) {
        calls.add(ask(batcher, RunOptions.DEFAULT, 1));
      }
      CompletableFuture<Batch> tooMany = calls.remove(calls.size() - 1);
      assertThatThrownBy(tooMany::join)
          .hasCauseInstanceOf(OverloadException.class)
          .hasMessageContaining("16384 of 16384 rows (maxQueueRows)");
      go.countDown();
      calls.forEach(call -> call.join().close());
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(calls.size());
      assertThat(toy.largestRun.get()).isLessThanOrEqualTo(8); // those of opening
    }
  }

  @Test
  void priorityAndTenantsSayWhoIsNext() {
    try (Batcher batcher = open(policy())) {
      CompletableFuture<Batch> first = keepBusy(batcher);
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        calls.add(ask(batcher, RunOptions.DEFAULT.withTenant("heavy"), 10 + i));
      }
      calls.add(ask(batcher, RunOptions.DEFAULT.withTenant("light"), 20));
      calls.add(ask(batcher, RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE), 30));
      List<Long> order = order();
      go.countDown();
      first.join().close();
      calls.forEach(call -> call.join().close());
      assertThat(order).containsExactly(30L, 10L, 20L, 11L, 12L, 13L);
    }
  }

  @Test
  void aBlockingCallOfATenantQueuesAndOthersRunInTheirThreads() {
    try (Batcher batcher = open(policy());
        Batch in = ToySession.input(new long[] {1, 2})) {
      CompletableFuture<Batch> first = keepBusy(batcher);
      toy.fault = (inputs, options) -> {};
      batcher.run(in).close(); // beside it, though the only lane is taken
      RunOptions soon = RunOptions.DEFAULT.withTenant("one").withTimeout(Duration.ofMillis(20));
      assertThatThrownBy(() -> batcher.run(in, soon))
          .isInstanceOf(DeadlineException.class)
          .hasMessageContaining("waited in the queue, 20 ms after the call");
      go.countDown();
      first.join().close();
      batcher.run(in, RunOptions.DEFAULT.withTenant("one")).close();
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(3);
      assertThat(batcher.stats().count(Outcome.EXPIRED)).isEqualTo(1);
    }
  }

  @Test
  void aCallThatIsCancelledReturnsWhenNobodyWritesItsTargetsAnyMore() throws Exception {
    try (Batcher batcher = open(policy().maxQueueRows(8));
        Batch in = ToySession.input(new long[] {1, 2});
        Batch out = batcher.run(in)) {
      CountDownLatch runs = new CountDownLatch(1);
      toy.fault =
          (inputs, options) -> {
            runs.countDown();
            await(go);
          };
      Cancellation cancellation = new Cancellation();
      CompletableFuture<Throwable> end = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  batcher.run(in, out, RunOptions.DEFAULT.withCancellation(cancellation));
                  end.complete(new AssertionError("it was answered"));
                } catch (HoneException e) {
                  end.complete(e);
                }
              });
      CompletableFuture<Batch> other =
          ask(batcher, RunOptions.DEFAULT, 3); // takes the lane's thread
      await(runs);
      caller.start();
      while (batcher.stats().now().queuedRows() == 0) {
        Thread.onSpinWait();
      }
      CountDownLatch runsToo = new CountDownLatch(1);
      CountDownLatch goOn = new CountDownLatch(1);
      toy.fault =
          (inputs, options) -> {
            runsToo.countDown();
            await(goOn);
          };
      go.countDown();
      await(runsToo);
      cancellation.cancel();
      assertThat(end.completeOnTimeout(new AssertionError("waits"), 20, TimeUnit.MILLISECONDS))
          .succeedsWithin(Duration.ofSeconds(10))
          .isInstanceOf(AssertionError.class); // its targets are still being written
      goOn.countDown();
      caller.join();
      other.join().close();
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(1);
    }
  }

  @Test
  void answersGoIntoTargetsAndThoseThatAreCancelledInTheQueueLeaveThemAlone() {
    try (Batcher batcher = open(policy().maxQueueRows(8));
        Batch in = ToySession.input(new long[] {1, 2});
        Batch other = ToySession.input(new long[] {3, 4});
        Batch out = batcher.run(in);
        Batch expected = batcher.run(other)) {
      batcher.run(other, out);
      assertThat(out.get("pooled").toFloatArray()).isEqualTo(expected.get("pooled").toFloatArray());
      CompletableFuture<Batch> first = keepBusy(batcher);
      Cancellation cancellation = new Cancellation();
      cancellation.cancel();
      RunOptions cancelled = RunOptions.DEFAULT.withCancellation(cancellation);
      assertThatThrownBy(() -> batcher.run(in, out, cancelled))
          .isInstanceOf(CancelledException.class);
      go.countDown();
      first.join().close();
      assertThat(out.get("pooled").toFloatArray()).isEqualTo(expected.get("pooled").toFloatArray());
    }
  }

  @Test
  void aCallThatRunsOutOfMemoryIsNotCutThoughItHasManyRows() {
    try (Batcher batcher = open(policy());
        Batch rows = ToySession.input(new long[] {1}, new long[] {2}, new long[] {3})) {
      toy.runs.set(0);
      toy.fault =
          (in, options) -> {
            throw new OutOfMemoryException("injected", new OutOfMemoryError());
          };
      CompletableFuture<Batch> call = batcher.runAsync(rows);
      assertThatThrownBy(call::join)
          .isInstanceOf(CompletionException.class)
          .hasCauseInstanceOf(OutOfMemoryException.class);
      assertThat(toy.runs).hasValue(1);
      toy.fault = (in, options) -> {};
      try (Batch answer = batcher.runAsync(rows).join();
          Batch expected = toy.run(rows)) {
        assertThat(answer.get("pooled").toFloatArray())
            .isEqualTo(expected.get("pooled").toFloatArray());
      }
    }
  }

  @Test
  void closingWaitsForWhatIsQueued() {
    List<CompletableFuture<Batch>> calls = new ArrayList<>();
    try (Batcher batcher = open(policy())) {
      calls.add(keepBusy(batcher));
      for (int i = 0; i < 10; i++) {
        calls.add(ask(batcher, RunOptions.DEFAULT, i));
      }
      go.countDown();
    }
    assertThat(calls).allMatch(CompletableFuture::isDone);
    calls.forEach(call -> call.join().close());
    assertThat(toy.isClosed()).isTrue();
  }

  @Test
  void inputsOfAnyKindMayBeClosedBeforeTheyAreUsed() {
    FakeModel joining =
        FakeModel.of(
            new Signature(
                List.of(
                    Value.tensor("words", DataType.STRING, Dimension.of("n")),
                    Value.tensor("times", DataType.INT64)),
                List.of(Value.tensor("line", DataType.STRING, Dimension.of(1)))),
            in -> {
              String line = String.join(" ", in.get("words").toStringArray());
              int times = (int) in.get("times").toLongArray()[0];
              return Batch.of("line", Tensor.of(new String[] {line.repeat(times)}));
            });
    FakeModel slow = joining.withDelay(in -> Duration.ofMillis(20));
    try (Batcher batcher = Batcher.over(Session.open(slow), policy().build())) {
      assertThat(batcher.isBatching()).isFalse();
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        try (Batch in =
            Batch.of("words", Tensor.of(new String[] {"a", "b" + i}), "times", Tensor.scalar(2L))) {
          calls.add(batcher.runAsync(in));
        }
      }
      for (int i = 0; i < 3; i++) {
        try (Batch answer = calls.get(i).join()) {
          assertThat(answer.get("line").toStringArray()).containsExactly("a b" + i + "a b" + i);
        }
      }
      try (Batch closed =
          Batch.of("words", Tensor.of(new String[] {"a"}), "times", Tensor.scalar(2L))) {
        closed.close();
        assertThatThrownBy(() -> batcher.runAsync(closed).join())
            .hasCauseInstanceOf(IllegalStateException.class)
            .hasMessageContaining("was closed before the run");
      }
    }
  }

  @Test
  void eachCountsAsOneRowOfTheQueueAndAsItsRowsInStatistics() {
    try (Batcher batcher = open(policy())) {
      CompletableFuture<Batch> first = keepBusy(batcher);
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      for (int i = 0; i < 3; i++) { // each more than the queue takes rows
        try (Batch in = ToySession.input(new long[20_000][1])) {
          calls.add(batcher.runAsync(in));
        }
      }
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(3);
      go.countDown();
      first.join().close();
      calls.forEach(call -> call.join().close());
      assertThat(batcher.stats().rows()).isEqualTo(60_001);
    }
  }

  @Test
  void nobodyLingersForCompanyThatCannotCome() {
    BatchPolicy.Builder lingering = policy().linger(Duration.ofHours(1)).maxQueueRows(8);
    try (Batcher batcher = open(lingering);
        Batch in = ToySession.input(new long[] {1, 2})) {
      List<String> threads = Collections.synchronizedList(new ArrayList<>());
      toy.fault = (inputs, options) -> threads.add(Thread.currentThread().getName());
      batcher.run(in).close();
      batcher.runAsync(in).join().close();
      assertThat(threads).containsExactly(Thread.currentThread().getName(), "hone-batcher-0");
    }
  }

  @Test
  void oneThatRunsOutOfMemoryMakesNoBatchesOfOthersSmaller() {
    AtomicBoolean isOpen = new AtomicBoolean();
    CountDownLatch runs = new CountDownLatch(1);
    FakeModel copy =
        FakeModel.of(
            new Signature(
                List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
                List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("n")))),
            in -> {
              if (in.rows() == 0) {
                throw new OutOfMemoryException("injected", new OutOfMemoryError());
              }
              if (in.rows() == 2 && isOpen.get()) {
                runs.countDown();
                await(go);
              }
              return Batch.of("y", Tensor.of(in.get("x").toFloatArray()));
            });
    BatchPolicy sharing = policy().evenIfItDoesNotPay().maxRows(8).build();
    CostGrid costs = new CostGrid(false);
    for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
      costs.put(0, rows, 1e6); // a run takes as long, whatever it holds
    }
    try (Batcher batcher = Batcher.over(Session.open(copy), sharing, costs)) {
      assertThat(batcher.isBatching()).isTrue();
      isOpen.set(true);
      assertThatThrownBy(() -> askRows(batcher, 0).join())
          .hasCauseInstanceOf(OutOfMemoryException.class);
      List<CompletableFuture<Batch>> calls = new ArrayList<>();
      calls.add(askRows(batcher, 2));
      await(runs);
      for (int i = 0; i < 8; i++) { // they wait, and come together
        calls.add(askRows(batcher, 1));
      }
      go.countDown();
      calls.forEach(call -> call.join().close());
      assertThat(batcher.stats().batches().rows().max()).isGreaterThanOrEqualTo(7);
    }
  }

  private static CompletableFuture<Batch> askRows(Batcher batcher, int rows) {
    try (Batch in = Batch.of("x", Tensor.of(new float[rows]))) {
      return batcher.runAsync(in);
    }
  }
}
