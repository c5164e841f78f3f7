package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A call's wait is foretold by who is served before it, not by all that waits. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AheadTest {
  private static final long RUN_NANOS = 1_000_000_000;
  private static final RunOptions URGENT = RunOptions.DEFAULT.withPriority(Priority.INTERACTIVE);
  private static final RunOptions BULK = RunOptions.DEFAULT.withPriority(Priority.BULK);

  private final ToySession toy = new ToySession();
  private final CountDownLatch go = new CountDownLatch(1);
  private final List<CompletableFuture<Batch>> answers = new ArrayList<>();

  /**
   * A batcher whose only lane runs something, and for which calls of one row wait, each for one
   * run.
   */
  private Batcher busyWith(int calls, RunOptions options, BatchPolicy.Builder policy) {
    Batcher batcher =
        Batcher.over(toy, policy.lanes(1).maxRows(1).build(), ToySession.costs(RUN_NANOS));
    toy.fault =
        (in, runOptions) -> {
          try {
            go.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        };
    answers.add(call(batcher, options));
    while (toy.underWay.get() == 0) {
      Thread.onSpinWait();
    }
    for (int i = 0; i < calls; i++) {
      answers.add(call(batcher, options));
    }
    return batcher;
  }

  private static BatchPolicy.Builder patient() {
    return BatchPolicy.builder().maxQueueDelay(Duration.ofHours(1));
  }

  private static CompletableFuture<Batch> call(Batcher batcher, RunOptions options) {
    try (Batch in = ToySession.input(new long[] {1})) {
      return batcher.runAsync(in, options);
    }
  }

  private void finish() {
    go.countDown();
    answers.forEach(answer -> answer.join().close());
  }

  private static RunOptions soon(RunOptions options) {
    return options.withTimeout(Duration.ofSeconds(30));
  }

  private static void refuses(CompletableFuture<Batch> call) {
    assertThatThrownBy(call::join).hasCauseInstanceOf(OverloadException.class);
  }

  @Test
  void bulkWorkKeepsNoUrgentCallWithADeadlineOut() {
    try (Batcher batcher = busyWith(100, BULK, patient())) {
      answers.add(call(batcher, soon(URGENT)));
      answers.add(call(batcher, soon(RunOptions.DEFAULT)));
      refuses(call(batcher, soon(BULK)));
      finish();
    }
  }

  @Test
  void bulkWorkKeepsNoUrgentCallOutOfAQueueThatIsLongEnoughForIt() {
    BatchPolicy.Builder policy = BatchPolicy.builder().maxQueueDelay(Duration.ofSeconds(10));
    try (Batcher batcher = busyWith(11, BULK, policy)) {
      refuses(call(batcher, BULK));
      answers.add(call(batcher, URGENT));
      answers.add(call(batcher, RunOptions.DEFAULT));
      finish();
    }
  }

  @Test
  void aHeavyTenantKeepsNoLightOneWithADeadlineOut() {
    RunOptions heavy = RunOptions.DEFAULT.withTenant("heavy");
    try (Batcher batcher = busyWith(100, heavy, patient())) {
      answers.add(call(batcher, soon(RunOptions.DEFAULT.withTenant("light"))));
      answers.add(call(batcher, soon(RunOptions.DEFAULT)));
      refuses(call(batcher, soon(heavy)));
      finish();
    }
  }

  @Test
  void aTenantWaitsForItsShareOfWhatOthersHave() {
    BatchPolicy.Builder policy = patient().tenantShare("light", 0.01);
    try (Batcher batcher = busyWith(40, RunOptions.DEFAULT.withTenant("heavy"), policy)) {
      refuses(call(batcher, soon(RunOptions.DEFAULT.withTenant("light"))));
      for (int i = 0; i < 40; i++) { // the next one waits for one call of each
        answers.add(call(batcher, RunOptions.DEFAULT.withTenant("tenant " + i)));
      }
      refuses(call(batcher, soon(RunOptions.DEFAULT.withTenant("late"))));
      finish();
    }
  }

  @Test
  void whatHasLeftIsAheadOfNobody() {
    Ahead ahead = new Ahead(Map.of());
    try (Batch in = ToySession.input(new long[] {1})) {
      for (RunOptions options : List.of(URGENT, BULK, BULK.withTenant("a"))) {
        Request request = request(in, options, 5);
        ahead.add(request);
        ahead.remove(request);
      }
      assertThat(ahead.nanos(request(in, BULK.withTenant("a"), 5), 0)).isZero();
      assertThat(ahead.nanos(request(in, URGENT, 5), 1000)).isLessThan(5); // a share of standard
      assertThat(ahead.nanos(request(in, RunOptions.DEFAULT, 5), 1000)).isEqualTo(1000);
    }
  }

  private static Request request(Batch in, RunOptions options, long costNanos) {
    Kind kind = Layout.alone(new ToySession().signature()).aloneKind(List.of());
    return new BlockingRequest(RequestEvents.NOBODY, kind, in, null, 1, costNanos, options, 0);
  }
}
