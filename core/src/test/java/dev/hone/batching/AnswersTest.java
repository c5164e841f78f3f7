package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** How answers get to their callers: once, in the right shape, whatever the executor does. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AnswersTest {
  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().lanes(1);
  }

  private static Batcher open(ToySession toy, BatchPolicy.Builder builder) {
    return Batcher.over(toy, builder.build(), ToySession.costs(1_000_000));
  }

  /** Executors that cannot be relied on. */
  enum Odd implements Executor {
    THROWS {
      @Override
      public void execute(Runnable task) {
        throw new IllegalStateException("The executor is out of order.");
      }
    },
    HAS_NO_THREADS {
      @Override
      public void execute(Runnable task) {
        throw new OutOfMemoryError("unable to create native thread");
      }
    },
    RUNS_AND_THROWS {
      @Override
      public void execute(Runnable task) {
        task.run();
        throw new IllegalStateException("The executor is out of order.");
      }
    }
  }

  @ParameterizedTest
  @EnumSource(Odd.class)
  void anExecutorThatThrowsLosesNoAnswerAndDoublesNone(Odd executor) {
    ToySession toy = new ToySession();
    try (Batcher batcher = open(toy, policy().maxRows(4).callbacksOn(executor));
        Batch in = ToySession.input(new long[] {1, 2}, new long[] {3, 4})) {
      for (int i = 0; i < 3; i++) {
        CountDownLatch go = new CountDownLatch(1);
        toy.fault = (given, options) -> awaitOpen(go);
        AtomicInteger called = new AtomicInteger();
        CompletableFuture<float[]> pooled =
            batcher
                .runAsync(in)
                .thenApply(
                    answer -> {
                      called.incrementAndGet();
                      try (answer) {
                        return answer.get("pooled").toFloatArray();
                      }
                    });
        go.countDown();
        assertThat(pooled.join()).hasSize(4);
        assertThat(called).hasValue(1);
      }
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(3);
      assertThat(batcher.stats().count(Outcome.FAILED)).isZero();
    } // closing waits for ever if a call has not left, and not long enough if one has left twice
    assertThat(toy.isClosed()).isTrue();
  }

  @ParameterizedTest
  @EnumSource(Odd.class)
  void anExecutorThatThrowsAlsoPassesOnTheAnswersOfCallsInParts(Odd executor) {
    ToySession toy = new ToySession();
    try (Batcher batcher = open(toy, policy().maxRows(2).callbacksOn(executor));
        Batch in = ToySession.input(new long[5][3])) {
      CountDownLatch go = new CountDownLatch(1);
      toy.fault = (given, options) -> awaitOpen(go);
      CompletableFuture<Batch> later = batcher.runAsync(in).thenApply(answer -> answer);
      go.countDown();
      try (Batch answer = later.join()) {
        assertThat(answer.get("pooled").toFloatArray()).hasSize(10); // it is open
      }
      toy.fault = (given, options) -> {};
      batcher.run(in).close();
    }
  }

  @Test
  void anAnswerStaysWhatItIsWhenOthersOfItsBatchAreClosed() {
    ToySession toy = new ToySession();
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    List<Batch> inputs = new ArrayList<>();
    try (Batcher batcher = open(toy, policy().maxRows(16))) {
      CountDownLatch go = new CountDownLatch(1);
      toy.fault = (given, options) -> awaitOpen(go);
      for (int i = 0; i < 40; i++) {
        inputs.add(ToySession.input(new long[] {i, 1}));
        futures.add(batcher.runAsync(inputs.get(i)));
      }
      toy.largestRun.set(0);
      go.countDown();
      List<Batch> answers = futures.stream().map(CompletableFuture::join).toList();
      assertThat(toy.largestRun.get()).isGreaterThan(1);
      for (int i = 0; i < answers.size(); i++) {
        try (Batch alone = batcher.run(inputs.get(i));
            Batch answer = answers.get(i)) { // those before it are closed
          for (String name : alone.names()) {
            float[] expected = alone.get(name).toFloatArray();
            assertThat(answer.get(name).toFloatArray()).isEqualTo(expected);
          }
        }
      }
    } finally {
      inputs.forEach(Batch::close);
    }
  }

  /** Calls that run as one batch; their dependents are added before it runs. */
  private static List<Integer> completedBy(Executor executor, int calls, IntConsumer dependent) {
    ToySession toy = new ToySession();
    List<Integer> order = Collections.synchronizedList(new ArrayList<>());
    try (Batcher batcher = open(toy, policy().maxRows(calls).callbacksOn(executor));
        Batch in = ToySession.input(new long[] {1, 2})) {
      CountDownLatch begun = new CountDownLatch(1);
      CountDownLatch go = new CountDownLatch(1);
      toy.fault =
          (given, options) -> {
            begun.countDown();
            awaitOpen(go);
          };
      CompletableFuture<Batch> ahead = batcher.runAsync(in);
      awaitOpen(begun); // the others queue behind it
      List<CompletableFuture<Void>> all = new ArrayList<>();
      for (int i = 0; i < calls; i++) {
        int call = i;
        all.add(
            batcher
                .runAsync(in)
                .thenAccept(
                    answer -> {
                      answer.close();
                      dependent.accept(call);
                      order.add(call);
                    }));
      }
      go.countDown();
      ahead.join().close();
      all.forEach(CompletableFuture::join);
    }
    return order;
  }

  @Test
  void dependentsThatBlockKeepNoOthersOfTheirBatchWaiting() {
    int calls = 6;
    ExecutorService threads = Executors.newCachedThreadPool();
    CountDownLatch last = new CountDownLatch(calls);
    try {
      List<Integer> order =
          completedBy(
              threads,
              calls,
              call -> {
                last.countDown();
                awaitOpen(last); // all others must get this far
              });
      assertThat(order).hasSize(calls);
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void theNewestOfABatchIsCompletedFirstAndTheOldestLast() {
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      List<Integer> order = completedBy(thread, 8, call -> {});
      assertThat(order).containsExactly(7, 6, 5, 4, 3, 2, 1, 0);
    } finally {
      thread.shutdown();
    }
  }

  @Test
  void anExecutorThatRunsTasksInPlaceIsNotCalledOneDeeperForEachAnswer() {
    AtomicInteger depth = new AtomicInteger();
    AtomicInteger deepest = new AtomicInteger();
    Executor inPlace =
        task -> {
          deepest.accumulateAndGet(depth.incrementAndGet(), Math::max);
          task.run();
          depth.decrementAndGet();
        };
    assertThat(completedBy(inPlace, 64, call -> {})).hasSize(64);
    assertThat(deepest).hasValue(1);
  }

  private static void awaitOpen(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void targetsWhoseShapeOnlyTheRunTellsAreRefusedIfItIsAnother() {
    ToySession toy = new ToySession(ToySession.Trait.IGNORES_MASK);
    try (Batcher batcher = open(toy, policy().maxRows(2));
        Batch in = ToySession.input(new long[5][3])) { // in three parts, so through the queue
      refuses(batcher, in, "pooled", DataType.FLOAT32, Shape.of(7, 2), "FLOAT32[5, 2]");
      refuses(batcher, in, "pooled", DataType.FLOAT32, Shape.of(5, 1), "FLOAT32[5, 2]");
      refuses(batcher, in, "pooled", DataType.FLOAT32, Shape.of(5, 2, 1), "FLOAT32[5, 2]");
      refuses(batcher, in, "tokens", DataType.FLOAT32, Shape.of(5, 2, 3), "FLOAT32[5, 3, 3]");
      try (Batch out = Batch.of("pooled", Tensor.allocate(DataType.FLOAT32, Shape.of(5, 2)))) {
        batcher.run(in, out);
      }
    }
  }

  private static void refuses(
      Batcher batcher, Batch in, String output, DataType type, Shape shape, String right) {
    try (Batch out = Batch.of(output, Tensor.allocate(type, shape))) {
      assertThatThrownBy(() -> batcher.run(in, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The output '"
                  + output
                  + "' will be "
                  + right
                  + " for these inputs, but the tensor for it is "
                  + out.tensor(0)
                  + ".");
    }
  }
}
