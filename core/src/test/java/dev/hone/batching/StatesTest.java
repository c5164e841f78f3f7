package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy.Interaction;
import dev.hone.batching.ToySession.Trait;
import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Models that take a state and give the next one, as recurrent networks do: of many callers, each
 * of which has a sequence of its own, nobody ever gets what belongs to another.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StatesTest {
  private static final int CALLERS = 8;
  private static final int STEPS = 200;

  private static BatchPolicy.Builder policy() {
    return BatchPolicy.builder().evenIfItDoesNotPay().lanes(1).maxRows(16);
  }

  private static Batcher open(ToySession toy) {
    return Batcher.over(toy, policy().build(), ToySession.costs(1_000_000));
  }

  /** The inputs of a caller's step. */
  private static Batch input(int caller, int step, float[] state, List<Trait> traits) {
    List<String> names = new ArrayList<>(List.of("input_ids", "attention_mask", "state"));
    long[] ids = new long[1 + (caller + step) % 5];
    Arrays.fill(ids, 10L * caller + step % 10);
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    List<Tensor> tensors = new ArrayList<>();
    tensors.add(Tensor.of(ids, 1, ids.length));
    tensors.add(Tensor.of(mask, 1, ids.length));
    tensors.add(
        traits.contains(Trait.LAYERED_STATE) ? Tensor.of(state, 2, 1) : Tensor.of(state, 1, 2));
    if (traits.contains(Trait.SCALAR_INPUT)) {
      names.add("rate");
      Tensor rate = Tensor.allocate(DataType.INT64, Shape.of());
      rate.copyFrom(new long[] {1 + caller % 2});
      tensors.add(rate);
    }
    return Batch.of(names, tensors);
  }

  /** What a caller's state is after all its steps. */
  private static float[] sequence(Session session, int caller, List<Trait> traits) {
    float[] state = {caller, 100 + caller};
    for (int step = 0; step < STEPS; step++) {
      try (Batch in = input(caller, step, state, traits);
          Batch answer = session.run(in)) {
        state = answer.get("next").toFloatArray();
      }
    }
    return state;
  }

  private static void requireOwnSequences(Batcher batcher, Trait... traits)
      throws InterruptedException {
    CountDownLatch together = new CountDownLatch(CALLERS);
    List<Thread> callers = new ArrayList<>();
    List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
    for (int i = 0; i < CALLERS; i++) {
      int caller = i;
      callers.add(
          new Thread(
              () -> {
                try (ToySession alone = new ToySession(traits)) {
                  together.countDown();
                  together.await();
                  assertThat(sequence(batcher, caller, List.of(traits)))
                      .isEqualTo(sequence(alone, caller, List.of(traits)));
                } catch (InterruptedException | RuntimeException | Error e) {
                  wrong.add(e);
                }
              }));
    }
    callers.forEach(Thread::start);
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(wrong).isEmpty();
  }

  @Test
  void aStateWithLayersInFrontIsFoundAndItsCallsRunOneByOne() throws InterruptedException {
    ToySession toy = new ToySession(Trait.LAYERED_STATE);
    try (Batcher batcher = open(toy)) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(batcher.report().toString())
          .contains("calls run one by one, because its input 'state' has a fixed first dimension");
      requireOwnSequences(batcher, Trait.LAYERED_STATE);
      assertThat(toy.largestRun).hasValue(1);
    }
  }

  @Test
  void anInputWithoutRowsIsFoundAndCallsRunOneByOne() throws InterruptedException {
    ToySession toy = new ToySession(Trait.ROW_STATE, Trait.SCALAR_INPUT);
    try (Batcher batcher = open(toy)) {
      assertThat(batcher.isBatching()).isFalse();
      assertThat(batcher.report().toString())
          .contains("calls run one by one, because its input 'rate' is a scalar and has no rows");
      requireOwnSequences(batcher, Trait.ROW_STATE, Trait.SCALAR_INPUT);
      assertThat(toy.largestRun).hasValue(1);
    }
  }

  @Test
  void statesThatAreRowsShareBatchesAndStayWithTheirCallers() throws InterruptedException {
    ToySession toy = new ToySession(Trait.ROW_STATE);
    try (Batcher batcher = open(toy)) {
      assertThat(batcher.isBatching()).isTrue();
      AtomicBoolean isFirst = new AtomicBoolean(true);
      toy.fault = // the first run goes on until all others have called
          (in, options) -> {
            while (isFirst.get() && batcher.stats().now().queuedRows() < CALLERS - in.rows()) {
              Thread.onSpinWait();
            }
            isFirst.set(false);
          };
      requireOwnSequences(batcher, Trait.ROW_STATE);
      assertThat(batcher.stats().batches().rows().max()).isGreaterThan(1);
      assertThat(batcher.stats().batches().paddingShare()).isPositive();
    }
  }

  @Test
  void aStateThatIsNoRowIsRefusedWhereThePolicySaysSo() {
    BatchPolicy strict = policy().whenRowsInteract(Interaction.REFUSE).build();
    try (ToySession layered = new ToySession(Trait.LAYERED_STATE);
        ToySession scalar = new ToySession(Trait.SCALAR_INPUT)) {
      assertThatThrownBy(() -> Batcher.over(layered, strict))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("its input 'state' has a fixed first dimension of 2")
          .hasMessageContaining("Choose Interaction.RUN_ALONE");
      assertThatThrownBy(() -> Batcher.over(scalar, strict))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("its input 'rate' is a scalar and has no rows");
    }
  }
}
