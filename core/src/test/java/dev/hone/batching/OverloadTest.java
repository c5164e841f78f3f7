package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.ForwardingRecorder;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Who is served when more comes than can be done. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class OverloadTest {
  private final ToySession toy = new ToySession();
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<Long> served = Collections.synchronizedList(new ArrayList<>());

  /** A batcher whose only lane is busy until {@code go} is opened. */
  private Batcher openBusy(BatchPolicy.Builder builder, List<CompletableFuture<Batch>> futures) {
    BatchPolicy policy = builder.evenIfItDoesNotPay().lanes(1).build();
    Batcher batcher = Batcher.over(toy, policy, ToySession.costs(5_000_000));
    toy.runs.set(0);
    toy.fault =
        (in, options) -> {
          awaitGo();
          long[] ids = in.get("input_ids").toLongArray();
          for (long id : ids) {
            served.add(id);
          }
        };
    futures.add(ask(batcher, RunOptions.DEFAULT, 99));
    while (toy.runs.get() == 0) {
      Thread.onSpinWait();
    }
    return batcher;
  }

  private static CompletableFuture<Batch> ask(Batcher batcher, RunOptions options, long id) {
    try (Batch in = ToySession.input(new long[] {id})) {
      return batcher.runAsync(in, options);
    }
  }

  private void finish(List<CompletableFuture<Batch>> futures) {
    go.countDown();
    futures.forEach(future -> future.handle((b, e) -> b).join());
    futures.forEach(
        future -> {
          if (!future.isCompletedExceptionally()) {
            future.join().close();
          }
        });
  }

  @Test
  void aFullQueueRefusesWithAHint() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(2).maxQueueRows(3), futures)) {
      for (int i = 0; i < 3; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT, i));
      }
      assertThatThrownBy(ask(batcher, RunOptions.DEFAULT, 7)::join)
          .cause()
          .isInstanceOfSatisfying(
              OverloadException.class, e -> assertThat(e.retryAfter()).isPositive())
          .hasMessageContainingAll("3 of 3 rows (maxQueueRows)", "Try again in");
      try (Batch in = ToySession.input(new long[] {7})) {
        assertThatThrownBy(() -> batcher.run(in)).isInstanceOf(OverloadException.class);
      }
      assertThat(batcher.stats().count(Rejection.QUEUE_FULL)).isEqualTo(2);
      finish(futures);
      assertThat(served).containsExactlyInAnyOrder(99L, 0L, 1L, 2L);
    }
  }

  @Test
  void bytesAreBoundedToo() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxQueueBytes(40), futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      futures.add(ask(batcher, RunOptions.DEFAULT, 2));
      assertThatThrownBy(ask(batcher, RunOptions.DEFAULT, 3)::join)
          .hasMessageContaining("32 of 40 bytes (maxQueueBytes)");
      finish(futures);
    }
  }

  @Test
  void aPredictedDelayThatIsTooLongRefuses() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder().maxRows(1).maxQueueDelay(Duration.ofNanos(1_000));
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      assertThatThrownBy(ask(batcher, RunOptions.DEFAULT, 2)::join)
          .hasMessageContaining("(maxQueueDelay)");
      finish(futures);
    }
  }

  @Test
  void aDeadlineThatCannotBeMetIsRefusedAtOnce() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1), futures)) {
      for (int i = 0; i < 20; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT, i));
      }
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(1));
      assertThatThrownBy(ask(batcher, soon, 7)::join)
          .hasCauseInstanceOf(OverloadException.class)
          .hasMessageContaining("what waits before it will take");
      finish(futures);
    }
  }

  @Test
  void aBlockedCallGoesInWhenThereIsRoom() throws InterruptedException {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder()
            .maxRows(1)
            .maxQueueRows(1)
            .blockWhenOverloaded(Duration.ofSeconds(30));
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      Thread blocked = new Thread(() -> futures.add(ask(batcher, RunOptions.DEFAULT, 2)));
      blocked.start();
      while (blocked.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      go.countDown();
      blocked.join();
      finish(futures);
      assertThat(served).containsExactly(99L, 1L, 2L);
    }
  }

  @Test
  void aBlockedCallCanBeCancelled() throws InterruptedException {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder().maxRows(1).maxQueueRows(1).blockWhenOverloaded(Duration.ofDays(1));
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      Cancellation cancellation = new Cancellation();
      RunOptions cancellable = RunOptions.DEFAULT.withCancellation(cancellation);
      Thread blocked = new Thread(() -> futures.add(ask(batcher, cancellable, 2)));
      blocked.start();
      while (blocked.getState() != Thread.State.TIMED_WAITING) {
        Thread.onSpinWait();
      }
      cancellation.cancel();
      blocked.join();
      assertThatThrownBy(futures.get(2)::join).hasCauseInstanceOf(CancelledException.class);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(1);
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(1);
      finish(futures);
      assertThat(served).containsExactly(99L, 1L);
    }
  }

  @Test
  void aBlockedCallGivesUpInTime() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder().maxRows(1).maxQueueRows(1).blockWhenOverloaded(Duration.ofMillis(20));
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      assertThatThrownBy(ask(batcher, RunOptions.DEFAULT, 2)::join)
          .hasCauseInstanceOf(OverloadException.class);
      finish(futures);
    }
  }

  @Test
  void callsLargerThanTheQueueTakeTurnsAndNobodyIsForgotten() throws InterruptedException {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(1)
            .warmUp(Duration.ofMillis(20))
            .maxRows(2)
            .maxQueueRows(2)
            .blockWhenOverloaded(Duration.ofSeconds(30))
            .build();
    try (Batcher batcher = Batcher.over(toy, policy)) {
      List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < 6; t++) {
        int rows = 3 + t;
        Thread thread =
            new Thread(
                () -> {
                  try (Batch in = ToySession.input(new long[rows][2])) {
                    for (int i = 0; i < 60; i++) {
                      batcher.run(in).close();
                    }
                  } catch (RuntimeException e) {
                    wrong.add(e);
                  }
                });
        threads.add(thread);
        thread.start();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(wrong).isEmpty();
    }
  }

  @Test
  void whatFillsABatchKeepsItsBudgetToo() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(8).maxTokens(16), futures)) {
      AtomicLong most = new AtomicLong();
      RunOptions bulk = RunOptions.DEFAULT.withPriority(Priority.BULK);
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      try (Batch in = ToySession.input(new long[] {1, 2, 3, 4, 5, 6, 7, 8})) {
        futures.add(batcher.runAsync(in));
      }
      for (int i = 0; i < 6; i++) {
        futures.add(ask(batcher, bulk, 2));
      }
      ToySession.Fault before = toy.fault;
      toy.fault =
          (in, options) -> {
            before.before(in, options);
            most.accumulateAndGet(in.tensor(0).shape().elementCount(), Math::max);
          };
      finish(futures);
      assertThat(most.get()).isBetween(8L, 16L);
    }
  }

  @Test
  void theOldestOfTheLowestPriorityIsShedForNewerOnes() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder()
            .maxRows(1)
            .maxQueueRows(3)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST);
    try (Batcher batcher = openBusy(builder, futures)) {
      RunOptions bulk = RunOptions.DEFAULT.withPriority(Priority.BULK);
      RunOptions urgent = RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE);
      futures.add(ask(batcher, urgent, 1));
      futures.add(ask(batcher, bulk, 2));
      futures.add(ask(batcher, bulk, 3));
      futures.add(ask(batcher, urgent, 4)); // sheds 2
      futures.add(ask(batcher, urgent, 5)); // sheds 3
      futures.add(ask(batcher, urgent, 6)); // sheds 1
      assertThatThrownBy(ask(batcher, bulk, 7)::join).hasCauseInstanceOf(OverloadException.class);
      finish(futures);
      assertThat(served).containsExactly(99L, 4L, 5L, 6L);
      assertThat(futures.get(2)).isCompletedExceptionally();
    }
  }

  @Test
  void whoAsksForLittleIsNotShedForWhoAsksForMuch() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder()
            .maxRows(1)
            .maxQueueRows(3)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST);
    try (Batcher batcher = openBusy(builder, futures)) {
      RunOptions light = RunOptions.DEFAULT.withTenant("light");
      RunOptions heavy = RunOptions.DEFAULT.withTenant("heavy");
      futures.add(ask(batcher, light, 1));
      futures.add(ask(batcher, heavy, 2));
      futures.add(ask(batcher, heavy, 3));
      futures.add(ask(batcher, heavy, 4)); // sheds 2, though 1 is older
      futures.add(ask(batcher, light, 5)); // sheds 3
      finish(futures);
      assertThat(served).containsExactlyInAnyOrder(99L, 1L, 4L, 5L);
    }
  }

  @Test
  void aQueueThatAGreedyTenantFilledHasRoomForOthers() {
    RunOptions greedy = RunOptions.DEFAULT.withTenant("greedy");
    RunOptions light = RunOptions.DEFAULT.withTenant("light");
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(2).maxQueueRows(4), futures)) {
      for (int i = 0; i < 4; i++) {
        futures.add(ask(batcher, greedy, i));
      }
      assertThatThrownBy(ask(batcher, greedy, 4)::join)
          .hasMessageContaining("4 of 4 rows (maxQueueRows)");
      futures.add(ask(batcher, light, 10)); // in place of 3
      futures.add(ask(batcher, light, 11)); // in place of 2
      assertThatThrownBy(futures.get(4)::join)
          .cause()
          .isInstanceOfSatisfying(
              OverloadException.class, e -> assertThat(e.retryAfter()).isPositive())
          .hasMessageContaining("of the tenant 'greedy'");
      assertThatThrownBy(futures.get(3)::join).hasCauseInstanceOf(OverloadException.class);
      assertThatThrownBy(ask(batcher, light, 12)::join) // both ask for as much now
          .hasMessageContaining("4 of 4 rows (maxQueueRows)");
      assertThat(batcher.stats().count(Rejection.SHED)).isEqualTo(2);
      finish(futures);
      assertThat(served).containsExactlyInAnyOrder(99L, 0L, 1L, 10L, 11L);
    }
  }

  @Test
  void nobodyIsShedForACallThatIsRefusedAllTheSame() {
    RunOptions greedy = RunOptions.DEFAULT.withTenant("greedy");
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1).maxQueueRows(4), futures)) {
      for (int i = 0; i < 4; i++) {
        futures.add(ask(batcher, greedy, i));
      }
      try (Batch in = ToySession.input(new long[3][1])) { // of 4, only one is more than their share
        assertThatThrownBy(batcher.runAsync(in, RunOptions.DEFAULT.withTenant("light"))::join)
            .hasMessageContaining("4 of 4 rows (maxQueueRows)");
      }
      assertThat(batcher.stats().count(Rejection.SHED)).isZero();
      finish(futures);
      assertThat(served).containsExactly(99L, 0L, 1L, 2L, 3L);
    }
  }

  @Test
  void whoIsNotShedInTheEndKeepsTheOrder() {
    RunOptions urgent = RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE);
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder =
        BatchPolicy.builder()
            .maxRows(1)
            .maxQueueRows(4)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST);
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, urgent, 0));
      for (int i = 1; i < 4; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT, i));
      }
      try (Batch in = ToySession.input(new long[4][1])) { // may not take the place of 0
        assertThatThrownBy(batcher.runAsync(in)::join).hasCauseInstanceOf(OverloadException.class);
      }
      assertThat(batcher.stats().count(Rejection.SHED)).isZero();
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(4);
      finish(futures);
      assertThat(served).containsExactly(99L, 0L, 1L, 2L, 3L);
    }
  }

  @Test
  void aCallOfManyRowsTakesThePlaceOfAsManyAsItNeeds() {
    RunOptions greedy = RunOptions.DEFAULT.withTenant("greedy");
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1).maxQueueRows(9), futures)) {
      for (int i = 0; i < 8; i++) {
        futures.add(ask(batcher, greedy, i));
      }
      try (Batch in = ToySession.input(new long[][] {{100}, {101}, {102}})) {
        futures.add(batcher.runAsync(in, RunOptions.DEFAULT.withTenant("light")));
      }
      assertThat(batcher.stats().count(Rejection.SHED)).isEqualTo(2);
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(9);
      finish(futures);
      assertThat(served).containsExactlyInAnyOrder(99L, 0L, 1L, 2L, 3L, 4L, 5L, 100L, 101L, 102L);
    }
  }

  @Test
  void aCallThatIsServedInPartsDoesNotShieldOthersFromBeingShed() {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(1)
            .maxRows(2)
            .maxQueueRows(7)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST)
            .build();
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(5_000_000))) {
      toy.runs.set(0);
      toy.fault = (in, options) -> awaitGo();
      try (Batch in = ToySession.input(new long[5][1])) {
        futures.add(batcher.runAsync(in));
      }
      while (toy.runs.get() == 0) {
        Thread.onSpinWait();
      }
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      futures.add(ask(batcher, RunOptions.DEFAULT, 2));
      futures.add(ask(batcher, RunOptions.DEFAULT, 3)); // sheds 1
      futures.add(ask(batcher, RunOptions.DEFAULT, 4)); // sheds 2
      assertThat(batcher.stats().count(Rejection.SHED)).isEqualTo(2);
      finish(futures);
      assertThat(futures)
          .extracting(CompletableFuture::isCompletedExceptionally)
          .containsExactly(false, true, true, false, false);
    }
  }

  @Test
  void aRecorderMayShedOtherCallsWhenItHearsOfOne() {
    List<CompletableFuture<Batch>> futures = Collections.synchronizedList(new ArrayList<>());
    AtomicReference<Batcher> opened = new AtomicReference<>();
    Recorder asking =
        new ForwardingRecorder() {
          @Override
          protected Recorder target() {
            return Recorder.disabled();
          }

          @Override
          public void rejected(Rejection why) {
            Batcher batcher = opened.getAndSet(null); // once
            if (batcher != null) {
              CompletableFuture.runAsync(() -> futures.add(ask(batcher, RunOptions.DEFAULT, 3)))
                  .join(); // needs the lock that guards what waits
            }
          }
        };
    BatchPolicy.Builder builder =
        BatchPolicy.builder()
            .maxRows(1)
            .maxQueueRows(1)
            .recorder(asking)
            .whenOverloaded(BatchPolicy.Overload.SHED_OLDEST);
    try (Batcher batcher = openBusy(builder, futures)) {
      futures.add(ask(batcher, RunOptions.DEFAULT, 1));
      opened.set(batcher);
      futures.add(ask(batcher, RunOptions.DEFAULT, 2)); // sheds 1
      finish(List.copyOf(futures));
    }
  }

  @Test
  void whatWasCancelledDoesNotCountAsWaiting() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1), futures)) {
      CompletableFuture<Batch> first = ask(batcher, RunOptions.DEFAULT, 1);
      CompletableFuture<Batch> second =
          ask(batcher, RunOptions.DEFAULT.withPriority(Priority.BULK), 2);
      assertThat(batcher.stats().now().oldestWaitNanos()).isPositive();
      first.cancel(true);
      assertThat(batcher.stats().now().oldestWaitNanos()).isPositive();
      second.cancel(true);
      assertThat(batcher.stats().now().oldestWaitNanos()).isZero();
      finish(futures);
    }
  }

  private void awaitGo() {
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void theMoreUrgentGoFirstAndBulkIsNotStarved() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1), futures)) {
      for (int i = 0; i < 100; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT.withPriority(Priority.BULK), i));
      }
      for (int i = 0; i < 200; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE), 1000 + i));
      }
      finish(futures);
      List<Long> first = served.subList(1, 131);
      long bulk = first.stream().filter(id -> id < 99).count();
      assertThat(bulk).as("a 64th of the machine, about").isBetween(1L, 6L);
    }
  }

  @Test
  void aLightTenantIsServedBetweenTheCallsOfAHeavyOne() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    try (Batcher batcher = openBusy(BatchPolicy.builder().maxRows(1), futures)) {
      for (int i = 0; i < 60; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT.withTenant("heavy"), i));
      }
      for (int i = 0; i < 5; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT.withTenant("light"), 1000 + i));
      }
      finish(futures);
      assertThat(served.subList(1, 13)).contains(1000L, 1001L, 1002L, 1003L, 1004L);
    }
  }

  @Test
  void sharesAreKept() {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    BatchPolicy.Builder builder = BatchPolicy.builder().maxRows(1).tenantShare("a", 3);
    try (Batcher batcher = openBusy(builder, futures)) {
      for (int i = 0; i < 100; i++) {
        futures.add(ask(batcher, RunOptions.DEFAULT.withTenant("a"), i));
        futures.add(ask(batcher, RunOptions.DEFAULT.withTenant("b"), 1000 + i));
      }
      finish(futures);
      long a = served.subList(1, 81).stream().filter(id -> id < 1000).count();
      assertThat(a).as("three of four").isBetween(57L, 63L);
    }
  }
}
