package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.contract.NoLeaks;
import dev.hone.fake.FakeModel;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Asynchronous calls without rows, which run by themselves, are futures like all others. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class AloneTest {
  private static final FakeModel COPY =
      FakeModel.of(
          new Signature(
              List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("n"))),
              List.of(Value.tensor("y", DataType.FLOAT32, Dimension.of("n")))),
          in -> Batch.of("y", Tensor.of(in.get("x").toFloatArray())));

  private final CountDownLatch go = new CountDownLatch(1);

  private static Batcher open(FakeModel model, Executor callbacks) {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .warmUp(Duration.ofMillis(5))
            .callbacksOn(callbacks)
            .build();
    Batcher batcher = Batcher.over(Session.open(model), policy);
    assertThat(batcher.isBatching()).isTrue();
    return batcher;
  }

  private static Batcher openEndless() {
    FakeModel endless = COPY.withDelay(in -> in.rows() == 0 ? Duration.ofHours(1) : Duration.ZERO);
    return open(endless, Runnable::run);
  }

  /** Without rows a run goes on until {@code go}, so that it is under way before. */
  private Batcher openHeld(Executor callbacks) {
    FakeModel held =
        COPY.withDelay(
            in -> {
              if (in.rows() == 0) {
                awaitGo();
              }
              return Duration.ZERO;
            });
    return open(held, callbacks);
  }

  private void awaitGo() {
    try {
      go.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static CompletableFuture<Batch> ask(Batcher batcher) {
    try (Batch in = withoutRows()) {
      return batcher.runAsync(in);
    }
  }

  private static Batch withoutRows() {
    return Batch.of("x", Tensor.of(new float[0]));
  }

  private static void requireCounts(Batcher batcher, Outcome outcome) {
    for (Outcome each : Outcome.values()) {
      assertThat(batcher.stats().count(each)).as("%s", each).isEqualTo(each == outcome ? 1 : 0);
    }
  }

  @Test
  void anAnswerCounts() {
    try (Batcher batcher = open(COPY, Runnable::run)) {
      ask(batcher).join().close();
      requireCounts(batcher, Outcome.ANSWERED);
    }
  }

  @Test
  void whatItsCallerCompletesCountsAsCancelled() {
    try (Batcher batcher = openEndless();
        Batch other = withoutRows()) {
      CompletableFuture<Batch> future = ask(batcher);
      assertThat(future.complete(other)).isTrue();
      assertThat(future.join()).isSameAs(other);
      requireCounts(batcher, Outcome.CANCELLED);
    }
  }

  @Test
  void whatItsCallerMakesFailCountsAsCancelled() {
    try (Batcher batcher = openEndless()) {
      CompletableFuture<Batch> future = ask(batcher);
      assertThat(future.completeExceptionally(new IllegalStateException("enough"))).isTrue();
      assertThatThrownBy(future::join).hasRootCauseMessage("enough");
      requireCounts(batcher, Outcome.CANCELLED);
    }
  }

  @Test
  void whatItsCallerCancelsCountsAsCancelled() {
    try (Batcher batcher = openEndless()) {
      CompletableFuture<Batch> future = ask(batcher);
      assertThat(future.cancel(true)).isTrue();
      assertThat(future).isCancelled();
      requireCounts(batcher, Outcome.CANCELLED);
    }
  }

  @Test
  void whatTimesOutCountsAsExpired() {
    try (Batcher batcher = openEndless()) {
      CompletableFuture<Batch> future = ask(batcher).orTimeout(10, TimeUnit.MILLISECONDS);
      assertThatThrownBy(future::join).hasCauseInstanceOf(TimeoutException.class);
      requireCounts(batcher, Outcome.EXPIRED);
    }
  }

  @Test
  @SuppressWarnings("NullAway") // what callers without NullAway may do
  void aFailureThatIsNoneIsRefusedAndTheCallGoesOn() {
    try (Batcher batcher = openHeld(Runnable::run)) {
      CompletableFuture<Batch> future = ask(batcher);
      assertThatThrownBy(() -> future.completeExceptionally(null))
          .isInstanceOf(NullPointerException.class);
      go.countDown();
      future.join().close();
      requireCounts(batcher, Outcome.ANSWERED);
    }
  }

  @Test
  void dependentsRunWhereThePolicySays() throws InterruptedException {
    BlockingQueue<Runnable> callbacks = new LinkedBlockingQueue<>();
    try (Batcher batcher = openHeld(callbacks::add)) {
      CompletableFuture<Void> closed = ask(batcher).thenAccept(Batch::close);
      go.countDown();
      Runnable delivery = callbacks.take();
      assertThat(closed).isNotDone();
      delivery.run();
      assertThat(closed).isCompleted();
    }
  }

  @Test
  void asynchronousStagesRunWhereThePolicySays() throws InterruptedException {
    BlockingQueue<Runnable> callbacks = new LinkedBlockingQueue<>();
    try (Batcher batcher = openHeld(callbacks::add)) {
      CompletableFuture<Void> closed =
          ask(batcher).thenApply(out -> out).thenAcceptAsync(Batch::close);
      go.countDown();
      callbacks.take().run();
      assertThat(closed).isNotDone();
      callbacks.take().run();
      assertThat(closed).isCompleted();
    }
  }
}
