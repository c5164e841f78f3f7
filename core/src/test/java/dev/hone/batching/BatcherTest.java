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
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Dispatch;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import dev.hone.metrics.Stage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BatcherTest {
  private final ToySession toy = new ToySession();
  private final Session reference = new ToySession();

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().lanes(1).maxRows(16);
  }

  private Batcher open(BatchPolicy.Builder builder) {
    Batcher batcher = Batcher.over(toy, builder.build(), ToySession.costs(1_000_000));
    toy.runs.set(0);
    toy.largestRun.set(0);
    return batcher;
  }

  /** Stops the next run until the latch is opened, so that calls pile up behind it. */
  private CountDownLatch holdRuns() {
    CountDownLatch go = new CountDownLatch(1);
    toy.fault = (in, options) -> await(go);
    return go;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private void requireAnswer(Batch answer, long[]... ids) {
    try (answer;
        Batch in = ToySession.input(ids);
        Batch expected = reference.run(in)) {
      assertThat(answer.names()).isEqualTo(expected.names());
      for (int i = 0; i < expected.size(); i++) {
        assertThat(answer.tensor(i).shape()).isEqualTo(expected.tensor(i).shape());
        assertThat(answer.tensor(i).toFloatArray()).isEqualTo(expected.tensor(i).toFloatArray());
      }
    }
  }

  private CompletableFuture<Batch> ask(Batcher batcher, RunOptions options, long[]... ids) {
    try (Batch in = ToySession.input(ids)) {
      return batcher.runAsync(in, options);
    }
  }

  private CompletableFuture<Batch> ask(Batcher batcher, long[]... ids) {
    return ask(batcher, RunOptions.DEFAULT, ids);
  }

  @Test
  void anIdleBatcherRunsACallInItsCallersThread() {
    try (Batcher batcher = open(policy())) {
      AtomicReference<Thread> ran = new AtomicReference<>();
      toy.fault = (in, options) -> ran.set(Thread.currentThread());
      try (Batch in = ToySession.input(new long[] {1, 2})) {
        requireAnswer(batcher.run(in), new long[] {1, 2});
      }
      assertThat(ran.get()).isSameAs(Thread.currentThread());
      assertThat(batcher.stats().batches().count(Dispatch.IDLE)).isEqualTo(1);
    }
  }

  @Test
  void callsThatWaitShareOneBatch() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      for (int i = 0; i < 9; i++) {
        futures.add(ask(batcher, new long[] {i, i + 1, i + 2}));
        awaitRuns(1);
      }
      go.countDown();
      for (int i = 0; i < 9; i++) {
        requireAnswer(futures.get(i).join(), new long[] {i, i + 1, i + 2});
      }
      assertThat(toy.runs).hasValue(2); // the first by itself, and the eight that came meanwhile
      assertThat(toy.largestRun).hasValue(8);
    }
  }

  private void awaitRuns(int count) {
    while (toy.runs.get() < count) {
      Thread.onSpinWait();
    }
  }

  @Test
  void rowsOfDifferentLengthsArePaddedAndCutAgain() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> first = ask(batcher, new long[] {1});
      awaitRuns(1);
      CompletableFuture<Batch> shorter = ask(batcher, new long[] {5, 6});
      CompletableFuture<Batch> longer = ask(batcher, new long[] {1, 2, 3, 4, 5}, new long[] {4});
      go.countDown();
      requireAnswer(first.join(), new long[] {1});
      requireAnswer(shorter.join(), new long[] {5, 6});
      requireAnswer(longer.join(), new long[] {1, 2, 3, 4, 5}, new long[] {4});
      assertThat(toy.runs).hasValue(2);
      assertThat(batcher.stats().batches().paddingShare()).isPositive();
    }
  }

  @Test
  void aCallOfManyRowsIsSplitAndJoinedInOrder() {
    try (Batcher batcher = open(policy())) {
      long[][] ids = new long[50][3];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = new long[] {i, i + 1, 3};
      }
      try (Batch in = ToySession.input(ids)) {
        requireAnswer(batcher.run(in), ids);
      }
      assertThat(toy.largestRun).hasValueLessThanOrEqualTo(16);
      assertThat(toy.runs).hasValueGreaterThanOrEqualTo(4);
    }
  }

  @Test
  void resultsGoIntoTheTensorsOfTheCallerAlsoWhenSplit() {
    try (Batcher batcher = open(policy())) {
      long[][] ids = new long[40][2];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = new long[] {i, i};
      }
      try (Batch in = ToySession.input(ids);
          Batch expected = reference.run(in, RunOptions.DEFAULT.withOutputs("pooled"));
          Batch out = Batch.of("pooled", Tensor.allocate(DataType.FLOAT32, Shape.of(40, 2)))) {
        batcher.run(in, out);
        assertThat(out.get("pooled").toFloatArray())
            .isEqualTo(expected.get("pooled").toFloatArray());
      }
    }
  }

  @Test
  void callsThatWantOtherOutputsDoNotMix() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> first = ask(batcher, new long[] {1});
      awaitRuns(1);
      RunOptions onlyPooled = RunOptions.DEFAULT.withOutputs("pooled");
      CompletableFuture<Batch> pooled = ask(batcher, onlyPooled, new long[] {3});
      CompletableFuture<Batch> all = ask(batcher, new long[] {4});
      go.countDown();
      first.join().close();
      try (Batch answer = pooled.join()) {
        assertThat(answer.names()).containsExactly("pooled");
      }
      requireAnswer(all.join(), new long[] {4});
      assertThat(toy.runs).hasValue(3);
    }
  }

  @Test
  void onlyThePoisonedCallOfABatchFails() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      futures.add(ask(batcher, new long[] {0, 1}));
      awaitRuns(1);
      for (int i = 1; i <= 16; i++) {
        futures.add(ask(batcher, new long[] {i == 5 ? ToySession.POISON : i, 1}));
      }
      go.countDown();
      for (int i = 0; i <= 16; i++) {
        if (i == 5) {
          assertThatThrownBy(futures.get(i)::join)
              .isInstanceOf(CompletionException.class)
              .cause()
              .isInstanceOf(HoneException.class)
              .hasMessage("Poison.");
        } else {
          requireAnswer(futures.get(i).join(), new long[] {i, 1});
        }
      }
      assertThat(batcher.stats().batches().count(Dispatch.RETRY)).isBetween(1L, 2 * 4 + 1L);
    }
  }

  @Test
  void whoIsLeftInAFailedBatchIsNotBlamedForAnother() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> first = ask(batcher, new long[] {0});
      awaitRuns(1);
      CompletableFuture<Batch> culprit = ask(batcher, new long[] {1});
      CompletableFuture<Batch> innocent = ask(batcher, new long[] {2});
      toy.fault =
          (in, options) -> {
            if (in.rows() == 2) {
              culprit.cancel(true);
              throw new HoneException("Poison.");
            }
          };
      go.countDown();
      requireAnswer(first.join(), new long[] {0});
      assertThat(culprit).failsWithin(Duration.ofSeconds(30));
      requireAnswer(innocent.join(), new long[] {2});
    }
  }

  @Test
  void anErrorInARunFailsTheCallAndTheLaneGoesOn() {
    try (Batcher batcher = open(policy())) {
      toy.fault =
          (in, options) -> {
            throw new StackOverflowError("injected");
          };
      assertThatThrownBy(ask(batcher, new long[] {1})::join)
          .hasCauseInstanceOf(StackOverflowError.class);
      toy.fault = (in, options) -> {};
      requireAnswer(ask(batcher, new long[] {2}).join(), new long[] {2});
    }
  }

  @Test
  void whatIsTooLargeForTheMemoryRunsInHalves() {
    try (Batcher batcher = open(policy())) {
      toy.fault =
          (in, options) -> {
            if (in.rows() > 3) {
              throw new OutOfMemoryException("injected", null);
            }
          };
      long[][] ids = new long[30][1];
      for (int i = 0; i < ids.length; i++) {
        ids[i] = new long[] {i};
      }
      try (Batch in = ToySession.input(ids)) {
        requireAnswer(batcher.run(in), ids);
        toy.largestRun.set(0);
        requireAnswer(batcher.run(in), ids);
      }
      assertThat(toy.largestRun.get()).as("it has learned").isLessThan(16);
    }
  }

  @Test
  void aWaitingCallIsCancelledAndNeverComputed() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> first = ask(batcher, new long[] {1});
      awaitRuns(1);
      CompletableFuture<Batch> cancelled = ask(batcher, new long[] {2});
      Cancellation cancellation = new Cancellation();
      CompletableFuture<Batch> switched =
          ask(batcher, RunOptions.DEFAULT.withCancellation(cancellation), new long[] {3});
      cancelled.cancel(true);
      cancellation.cancel();
      assertThat(cancelled).isCancelled();
      assertThatThrownBy(switched::join).hasCauseInstanceOf(CancelledException.class);
      assertThat(batcher.stats().now().queuedRows()).isZero();
      go.countDown();
      requireAnswer(first.join(), new long[] {1});
      requireAnswer(ask(batcher, new long[] {4}).join(), new long[] {4});
      assertThat(toy.runs).hasValue(2);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(2);
    }
  }

  @Test
  void aWaitingCallThatTimesOutOrIsCompletedIsNeverComputed() {
    try (Batcher batcher = open(policy());
        Batch other = ToySession.input(new long[] {7})) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> first = ask(batcher, new long[] {1});
      awaitRuns(1);
      CompletableFuture<Batch> late = ask(batcher, new long[] {2});
      CompletableFuture<Batch> completed = ask(batcher, new long[] {3});
      assertThatThrownBy(late.orTimeout(10, TimeUnit.MILLISECONDS)::join)
          .hasCauseInstanceOf(TimeoutException.class);
      AtomicReference<Thread> told = new AtomicReference<>();
      CompletableFuture<Void> dependent =
          completed.thenAccept(batch -> told.set(Thread.currentThread()));
      assertThat(completed.complete(other)).isTrue();
      assertThat(dependent).isCompleted();
      assertThat(told.get()).isSameAs(Thread.currentThread());
      assertThat(completed.join()).isSameAs(other);
      assertThat(batcher.stats().now().queuedRows()).isZero();
      go.countDown();
      requireAnswer(first.join(), new long[] {1});
      requireAnswer(ask(batcher, new long[] {4}).join(), new long[] {4});
      assertThat(toy.runs).hasValue(2);
      assertThat(batcher.stats().count(Outcome.EXPIRED)).isEqualTo(1);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(1);
    }
  }

  @Test
  void aCallThatWasCountedAsAnsweredCannotBeCancelledAnyMore() throws InterruptedException {
    BlockingQueue<Runnable> callbacks = new LinkedBlockingQueue<>();
    try (Batcher batcher = open(policy().callbacksOn(callbacks::add))) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> future = ask(batcher, new long[] {1});
      CompletableFuture<Void> dependent =
          future.thenAccept(answer -> requireAnswer(answer, new long[] {1}));
      go.countDown();
      Runnable delivery = callbacks.take();
      assertThat(future.cancel(true)).isFalse();
      delivery.run();
      dependent.join();
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(1);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isZero();
    }
  }

  @Test
  void aRunThatNobodyWaitsForAnyMoreIsStopped() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch stopped = new CountDownLatch(1);
      toy.fault =
          (in, options) -> {
            options.cancellation().orElseThrow().onCancel(stopped::countDown);
            await(stopped);
            throw new CancelledException("stopped");
          };
      CompletableFuture<Batch> future = ask(batcher, new long[] {1});
      awaitRuns(1);
      future.cancel(true);
      await(stopped);
      toy.fault = (in, options) -> {};
      requireAnswer(ask(batcher, new long[] {4}).join(), new long[] {4});
    }
  }

  @Test
  void aDeadlineEndsACallThatWaitsAndOneThatRuns() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(30));
      RunOptions later = RunOptions.DEFAULT.withTimeout(Duration.ofSeconds(2));
      CompletableFuture<Batch> runs = ask(batcher, later, new long[] {1});
      awaitRuns(1);
      CompletableFuture<Batch> waits = ask(batcher, soon, new long[] {2});
      assertThatThrownBy(waits::join)
          .hasCauseInstanceOf(DeadlineException.class)
          .hasMessageContaining("waited in the queue");
      assertThatThrownBy(runs::join)
          .hasCauseInstanceOf(DeadlineException.class)
          .hasMessageContaining("while the batch ran");
      try (Batch in = ToySession.input(new long[] {3})) {
        assertThatThrownBy(() -> batcher.run(in, soon)).isInstanceOf(DeadlineException.class);
      }
      go.countDown();
    }
  }

  @Test
  void aDeadlineThatWasKeptLeavesNothingBehind() {
    RunOptions ample = RunOptions.DEFAULT.withTimeout(Duration.ofMinutes(5));
    AtomicReference<Thread> lane = new AtomicReference<>();
    try (Batcher batcher = open(policy())) {
      toy.fault = (in, options) -> lane.set(Thread.currentThread());
      for (int i = 0; i < 50; i++) {
        requireAnswer(ask(batcher, ample, new long[] {i}).join(), new long[] {i});
      }
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> under = ask(batcher, ample, new long[] {1});
      assertThat(batcher.watchedDeadlines()).as("only the one that is under way").isEqualTo(1);
      go.countDown();
      requireAnswer(under.join(), new long[] {1});
      assertThat(batcher.watchedDeadlines()).isZero();
    }
    assertThat(lane).hasValueMatching(thread -> !thread.isAlive());
    while (Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("hone-batcher-deadlines"))) {
      Thread.onSpinWait(); // it was told to end; one that stays lets this test run out of time
    }
  }

  @Test
  void statisticsTellWhatCallsWentThrough() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      futures.add(ask(batcher, new long[] {1, 1}));
      awaitRuns(1);
      for (int i = 0; i < 3; i++) {
        futures.add(ask(batcher, new long[] {i, 1}));
      }
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(3);
      assertThat(batcher.stats().now().oldestWaitNanos()).isPositive();
      go.countDown();
      futures.forEach(future -> future.join().close());
      SessionStats stats = batcher.stats();
      assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(4);
      assertThat(stats.calls()).isEqualTo(4);
      assertThat(stats.rows()).isEqualTo(4);
      assertThat(stats.batches().count(Dispatch.IDLE)).isEqualTo(1);
      assertThat(stats.batches().count(Dispatch.READY)).isEqualTo(1);
      assertThat(stats.batches().rows().sum()).isEqualTo(4);
      assertThat(stats.batches().paddedTokens()).isEqualTo(8);
      assertThat(stats.stage(Stage.QUEUE).sum()).isPositive();
      long parts = 0;
      for (Stage stage : Stage.values()) {
        parts += stats.stage(stage).sum();
      }
      assertThat(parts).isEqualTo(stats.total().sum());
    }
  }

  @Test
  void lingeringWaitsForMoreRowsAndEndsWhenTheBatchIsFull() {
    try (Batcher batcher = open(policy().maxRows(2).linger(Duration.ofMinutes(1)))) {
      CompletableFuture<Batch> first = ask(batcher, new long[] {1});
      CompletableFuture<Batch> second = ask(batcher, new long[] {2});
      requireAnswer(first.join(), new long[] {1});
      requireAnswer(second.join(), new long[] {2});
      assertThat(toy.runs).hasValue(1);
      assertThat(batcher.stats().batches().count(Dispatch.FULL)).isEqualTo(1);
    }
  }

  @Test
  void lingeringEndsWhenTheBatchIsFullByTokens() {
    try (Batcher batcher = open(policy().maxRows(8).maxTokens(8).linger(Duration.ofMinutes(5)))) {
      long[][] ids = {{1, 2, 3, 4}, {5, 6, 7, 8}};
      requireAnswer(ask(batcher, ids).join(), ids);
      assertThat(batcher.stats().batches().count(Dispatch.FULL)).isEqualTo(1);
    }
  }

  @Test
  void aBatchKeepsItsBudgetOfBytesOfInputsAndOutputs() {
    try (Batcher batcher =
        open(policy().maxRows(3).maxBatchBytes(128))) { // a row: 32 in, 24 + 8 out
      CountDownLatch go = holdRuns();
      List<CompletableFuture<Batch>> futures = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        futures.add(ask(batcher, new long[] {i, 1}));
        awaitRuns(1);
      }
      go.countDown();
      for (int i = 0; i < 5; i++) {
        requireAnswer(futures.get(i).join(), new long[] {i, 1});
      }
      assertThat(toy.largestRun).hasValue(2);
      try (Batch in = ToySession.input(new long[] {1, 2, 3, 4, 5})) {
        assertThatThrownBy(() -> batcher.run(in))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContainingAll("128 bytes a batch (maxBatchBytes)", "148 of inputs and");
      }
    }
  }

  @Test
  void lingeringEndsInTimeAndBeforeADeadline() {
    try (Batcher batcher = open(policy().maxRows(2).linger(Duration.ofMillis(5)))) {
      requireAnswer(ask(batcher, new long[] {1}).join(), new long[] {1});
      assertThat(batcher.stats().batches().count(Dispatch.LINGER)).isEqualTo(1);
    }
    ToySession other = new ToySession();
    BatchPolicy patient = policy().maxRows(2).linger(Duration.ofMinutes(2)).build();
    try (Batcher batcher = Batcher.over(other, patient, ToySession.costs(1_000_000))) {
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMinutes(1));
      requireAnswer(ask(batcher, soon, new long[] {1}).join(), new long[] {1});
      assertThat(batcher.stats().batches().count(Dispatch.DEADLINE)).isEqualTo(1);
    }
  }

  @Test
  void closingFinishesWhatWaitsAndThenClosesTheSession() throws InterruptedException {
    Batcher batcher = open(policy());
    CountDownLatch go = holdRuns();
    CompletableFuture<Batch> first = ask(batcher, new long[] {1});
    awaitRuns(1);
    CompletableFuture<Batch> second = ask(batcher, new long[] {2});
    Thread closer = new Thread(batcher::close);
    closer.start();
    while (closer.getState() != Thread.State.WAITING) { // for the calls under way
      Thread.onSpinWait();
    }
    try (Batch in = ToySession.input(new long[] {3})) {
      assertThatThrownBy(() -> batcher.run(in))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("closed");
    }
    assertThat(toy.isClosed()).isFalse();
    go.countDown();
    requireAnswer(first.join(), new long[] {1});
    requireAnswer(second.join(), new long[] {2});
    closer.join();
    assertThat(toy.isClosed()).isTrue();
    batcher.close();
  }

  @Test
  void dependentsOfFuturesDoNotRunOnALane() {
    try (Batcher batcher = open(policy())) {
      CountDownLatch go = holdRuns();
      CompletableFuture<Batch> future = ask(batcher, new long[] {1});
      AtomicReference<String> where = new AtomicReference<>();
      CompletableFuture<Void> done =
          future.thenAccept(
              answer -> {
                where.set(Thread.currentThread().getName());
                answer.close();
              });
      go.countDown();
      done.join();
      assertThat(where.get()).doesNotStartWith("hone-batcher");
    }
  }

  @Test
  void asynchronousStagesRunWhereThePolicySays() {
    Executor ours =
        task -> {
          Thread thread = new Thread(task, "ours");
          thread.start();
        };
    try (Batcher batcher = open(policy().callbacksOn(ours))) {
      CompletableFuture<Batch> future = ask(batcher, new long[] {1});
      CompletableFuture<String> first =
          future.thenApplyAsync(answer -> Thread.currentThread().getName());
      CompletableFuture<String> second =
          first.thenApplyAsync(name -> name + ", " + Thread.currentThread().getName());
      assertThat(second.join()).isEqualTo("ours, ours");
      future.join().close();
    }
    ToySession other = new ToySession();
    try (Batcher batcher = Batcher.over(other, policy().build(), ToySession.costs(1_000_000))) {
      CompletableFuture<Batch> future = ask(batcher, new long[] {1});
      assertThat(future.defaultExecutor()).isSameAs(new CompletableFuture<>().defaultExecutor());
      future.join().close();
    }
  }

  @Test
  void aBrokenCallIsRefusedInItsOwnThreadAndHarmsNobody() {
    try (Batcher batcher = open(policy());
        Batch unequal =
            Batch.of(
                "input_ids",
                Tensor.of(new long[2][3]),
                "attention_mask",
                Tensor.of(new long[2][4]));
        Batch unknown = Batch.of("ids", Tensor.of(new long[1][1]))) {
      assertThatThrownBy(() -> batcher.run(unequal)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> batcher.run(unknown)).isInstanceOf(IllegalArgumentException.class);
      assertThat(toy.runs).hasValue(0);
    }
  }

  @Test
  void theReportSaysWhatWasFound() {
    try (Batcher batcher = open(policy())) {
      assertThat(batcher.report().notes())
          .anyMatch(note -> note.contains("rows a batch, 1 at once; rows are exactly equal"))
          .anyMatch(note -> note.endsWith("padding changes nothing"))
          .noneMatch(note -> note.contains("0.0e+00"));
      assertThat(batcher.isBatching()).isTrue();
    }
  }
}
