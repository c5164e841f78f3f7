package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.memory.Memory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a policy says of the queue is kept, also where calls would rather not queue at all. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class QueueBoundsTest {
  private static final int CALLERS = 8 * Runtime.getRuntime().availableProcessors() + 24;

  private ToySession toy = new ToySession();
  private final CountDownLatch go = new CountDownLatch(1);
  private final AtomicInteger refused = new AtomicInteger();

  /** Times of batches that gain nothing: each row takes a millisecond. */
  private static CostGrid costsOfRows() {
    CostGrid grid = new CostGrid(true);
    for (int length = 0; length < CostModel.lengthNodes(true); length++) {
      for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
        grid.put(length, rows, 1e6 * (1L << rows));
      }
    }
    return grid;
  }

  private Batcher open(BatchPolicy.Builder policy) {
    BatchPolicy quick = policy.warmUp(Duration.ofMillis(5)).build();
    Batcher batcher = Batcher.over(toy, quick, costsOfRows());
    toy.fault =
        (in, options) -> {
          await(go);
        };
    return batcher;
  }

  private List<Thread> call(Batcher batcher) {
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      int id = i;
      Thread caller =
          new Thread(
              () -> {
                try (Batch in = ToySession.input(new long[] {id})) {
                  batcher.run(in).close();
                } catch (OverloadException e) {
                  refused.incrementAndGet();
                }
              });
      callers.add(caller);
      caller.start();
    }
    return callers;
  }

  private void finish(List<Thread> callers) throws InterruptedException {
    go.countDown();
    for (Thread caller : callers) {
      caller.join();
    }
  }

  /** A row takes a millisecond for each eight tokens. */
  private static CostGrid costsOfTokens() {
    CostGrid grid = costsOfRows();
    for (int length = 0; length < CostModel.lengthNodes(true); length++) {
      for (int rows = 0; rows < CostModel.rowNodes(); rows++) {
        grid.put(length, rows, grid.get(length, rows) * (1 << length));
      }
    }
    return grid;
  }

  @Test
  void aCallThatRunsAloneAmongOthersCostsWhatItsRowsDo() {
    BatchPolicy policy = BatchPolicy.builder().lanes(1).evenIfItDoesNotPay().build();
    try (Batcher batcher = Batcher.over(toy, policy, costsOfTokens());
        Batch one = ToySession.input(new long[] {1});
        Batch many = onDevice(20, 16);
        Batch none = onDevice(0, 16)) {
      CompletableFuture<Batch> busy = heldRun(batcher, one);
      List<CompletableFuture<Batch>> alone =
          List.of(batcher.runAsync(many), batcher.runAsync(none));
      assertThat(batcher.stats().now().queuedRows()).isEqualTo(2);
      RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(20));
      CompletableFuture<Batch> late = batcher.runAsync(one, soon);
      go.countDown();
      assertThatThrownBy(late::join)
          .hasCauseInstanceOf(OverloadException.class)
          .hasMessageContaining("what waits before it will take 42 ms");
      busy.join().close();
      alone.forEach(call -> assertThatThrownBy(call::join)); // they lie on a device
    }
  }

  @Test
  void aTenantIsChargedForTheRowsOfCallsThatRunAlone() {
    BatchPolicy policy =
        BatchPolicy.builder().lanes(1).evenIfItDoesNotPay().callbacksOn(Runnable::run).build();
    List<Long> served = Collections.synchronizedList(new ArrayList<>());
    try (Batcher batcher = Batcher.over(toy, policy, costsOfTokens());
        Batch one = ToySession.input(new long[] {1});
        Batch many = onDevice(20, 16);
        Batch few = onDevice(1, 16)) {
      CompletableFuture<Batch> busy = heldRun(batcher, one);
      List<CompletableFuture<Batch>> ends = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        for (Batch in : List.of(many, few)) {
          RunOptions tenant = RunOptions.DEFAULT.withTenant(in == many ? "heavy" : "light");
          long rows = in.tensor(0).shape().rows();
          ends.add(
              batcher.runAsync(in, tenant).whenComplete((answer, failure) -> served.add(rows)));
        }
      }
      go.countDown();
      busy.join().close();
      ends.forEach(end -> assertThatThrownBy(end::join)); // they lie on a device
      assertThat(served).containsExactly(20L, 1L, 1L, 1L, 20L, 20L);
    }
  }

  /** A call that runs, and keeps the lane until {@link #go}. */
  private CompletableFuture<Batch> heldRun(Batcher batcher, Batch in) {
    CountDownLatch runs = new CountDownLatch(1);
    toy.fault =
        (inputs, options) -> {
          runs.countDown();
          await(go);
        };
    CompletableFuture<Batch> held = batcher.runAsync(in);
    await(runs);
    return held;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Inputs that lie where this model cannot read them. */
  private static Batch onDevice(int rows, int length) {
    return Batch.of(
        "input_ids", idsOnDevice(rows, length), "attention_mask", idsOnDevice(rows, length));
  }

  private static Tensor idsOnDevice(int rows, int length) {
    Memory memory = Memory.adoptOnDevice("cuda:0", 4096, 8L * rows * length, () -> {});
    return Tensor.of(DataType.INT64, Shape.of(rows, length), memory);
  }

  @Test
  void moreThanTheQueueTakesIsRefusedThoughSharingWouldNotPay() throws InterruptedException {
    try (Batcher batcher = open(BatchPolicy.builder().maxRows(2).maxQueueRows(4))) {
      List<Thread> callers = call(batcher);
      int processors = Runtime.getRuntime().availableProcessors();
      while (refused.get() < CALLERS - 2 * processors - 4 && toy.underWay.get() <= processors) {
        Thread.onSpinWait();
      }
      int running = toy.underWay.get();
      long waiting = batcher.stats().now().queuedRows();
      finish(callers);
      assertThat(running).isLessThanOrEqualTo(processors);
      assertThat(waiting).isLessThanOrEqualTo(4);
    }
  }

  @Test
  void moreThanTheQueueTakesIsRefusedThoughRowsMayShareNoBatch() throws InterruptedException {
    toy = new ToySession(ToySession.Trait.MIXES_ROWS);
    moreThanTheQueueTakesIsRefusedThoughSharingWouldNotPay();
  }

  @Test
  void whoShallWaitForRoomWaitsThoughRowsMayShareNoBatch() throws InterruptedException {
    toy = new ToySession(ToySession.Trait.MIXES_ROWS);
    whoShallWaitForRoomWaitsThoughSharingWouldNotPay();
  }

  @Test
  void whoShallWaitForRoomWaitsThoughSharingWouldNotPay() throws InterruptedException {
    try (Batcher batcher =
        open(BatchPolicy.builder().maxRows(2).blockWhenOverloaded(Duration.ofMinutes(1)))) {
      List<Thread> callers = call(batcher);
      int processors = Runtime.getRuntime().availableProcessors();
      while (batcher.stats().now().queuedRows() < CALLERS - 2L * processors
          && toy.underWay.get() <= processors) {
        Thread.onSpinWait();
      }
      int running = toy.underWay.get();
      finish(callers);
      assertThat(running).isLessThanOrEqualTo(processors);
      assertThat(refused).hasValue(0);
    }
  }
}
