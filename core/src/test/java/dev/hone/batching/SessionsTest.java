package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SessionsTest {
  private final ToySession shared = new ToySession();
  private final ToySession lone = new ToySession();
  private Sessions.SizeRange loneSizes = Sessions.SizeRange.ALL;

  private Batcher open(BatchPolicy.Builder builder) {
    BatchPolicy policy = builder.build();
    Opening opening = Opening.of(shared, policy, ToySession.costs(1_000_000));
    opening.lone = lone;
    opening.loneSizes = loneSizes;
    shared.runs.set(0);
    return Batcher.owning(opening, policy);
  }

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().lanes(2).maxRows(16);
  }

  @Test
  void callsWithoutCompanyRunOnTheLoneSession() {
    try (Batcher batcher = open(policy());
        Batch in = ToySession.input(new long[] {1, 2, 3})) {
      batcher.run(in).close();
      batcher.runAsync(in).join().close();
      assertThat(lone.runs.get()).isEqualTo(2);
      assertThat(shared.runs.get()).isZero();
    }
  }

  @Test
  void callsWithoutCompanyRunOnTheLoneSessionOnlyIfTheyAreOfASizeThatItIsQuickerFor() {
    loneSizes = new Sessions.SizeRange(4, 7);
    try (Batcher batcher = open(policy());
        Batch three = ToySession.input(new long[] {1, 2, 3});
        Batch four = ToySession.input(new long[] {1, 2}, new long[] {3, 4});
        Batch seven = ToySession.input(new long[] {1, 2, 3, 4, 5, 6, 7})) {
      for (Batch other : List.of(three, seven)) {
        batcher.run(other).close();
        batcher.runAsync(other).join().close();
      }
      assertThat(lone.runs.get()).isZero();
      assertThat(shared.runs.get()).isEqualTo(4);
      batcher.run(four).close();
      batcher.runAsync(four).join().close();
      assertThat(lone.runs.get()).isEqualTo(2);
      assertThat(shared.runs.get()).isEqualTo(4);
    }
  }

  @Test
  void callsThatNobodyCanRunAreRefusedWhereSizesMatterAsElsewhere() {
    loneSizes = new Sessions.SizeRange(4, 7);
    try (Batcher batcher = open(policy());
        Batch in = Batch.of("x", Tensor.of(new float[] {1}, 1))) {
      assertThatThrownBy(() -> batcher.run(nothing())).hasMessageContaining("null");
      assertThatThrownBy(() -> batcher.run(in)).isInstanceOf(IllegalArgumentException.class);
    }
  }

  @SuppressWarnings("NullAway") // what a caller may do all the same
  private static Batch nothing() {
    return null;
  }

  @Test
  void callsThatComeWhileOneRunsShareBatchesOnTheOtherSession() throws InterruptedException {
    CountDownLatch runs = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    lone.fault =
        (in, options) -> {
          runs.countDown();
          await(go);
        };
    try (Batcher batcher = open(policy());
        Batch in = ToySession.input(new long[] {1, 2, 3})) {
      List<CompletableFuture<Batch>> answers = new ArrayList<>();
      answers.add(batcher.runAsync(in));
      runs.await();
      for (int i = 0; i < 5; i++) {
        answers.add(batcher.runAsync(in));
      }
      answers.subList(1, 6).forEach(answer -> answer.join().close());
      go.countDown();
      answers.get(0).join().close();
      assertThat(lone.runs.get()).isEqualTo(1);
      assertThat(shared.runs.get()).isPositive();
    }
  }

  @Test
  void aCallThatRunsInPartsIsCompanyForItself() {
    long[][] rows = new long[40][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = new long[] {i, 2};
    }
    try (Batcher batcher = open(policy());
        Batch in = ToySession.input(rows)) {
      batcher.run(in).close();
      assertThat(lone.runs.get()).isZero();
      assertThat(shared.runs.get()).isPositive();
    }
  }

  @Test
  void closingClosesBothSessions() {
    open(policy()).close();
    assertThat(shared.isClosed()).isTrue();
    assertThat(lone.isClosed()).isTrue();
  }

  @Test
  void whereBatchesGainNothingTheLoneSessionStaysAllTheSame() {
    CostGrid proportional = new CostGrid(true);
    for (int node : new int[] {0, 2, 4}) {
      proportional.put(0, node, 1_000.0 * (1 << node)); // less than waking a caller
    }
    BatchPolicy policy = BatchPolicy.automatic();
    Opening opening = Opening.of(shared, policy, proportional);
    opening.lone = lone;
    try (Batcher batcher = Batcher.owning(opening, policy);
        Batch in = ToySession.input(new long[] {1, 2, 3})) {
      batcher.run(in).close();
      assertThat(lone.runs.get()).isEqualTo(1);
    }
    assertThat(lone.isClosed()).isTrue();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
