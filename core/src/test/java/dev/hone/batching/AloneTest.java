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

  /** Without rows a run takes so long. */
  private static Batcher open(Duration duration, Executor callbacks) {
    FakeModel model = COPY.withDelay(in -> in.rows() == 0 ? duration : Duration.ZERO);
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
    return open(Duration.ofHours(1), Runnable::run);
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
    try (Batcher batcher = open(Duration.ZERO, Runnable::run)) {
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
    try (Batcher batcher = open(Duration.ofMillis(50), Runnable::run)) {
      CompletableFuture<Batch> future = ask(batcher);
      assertThatThrownBy(() -> future.completeExceptionally(null))
          .isInstanceOf(NullPointerException.class);
      future.join().close();
      requireCounts(batcher, Outcome.ANSWERED);
    }
  }

  @Test
  void dependentsRunWhereThePolicySays() throws InterruptedException {
    BlockingQueue<Runnable> callbacks = new LinkedBlockingQueue<>();
    try (Batcher batcher = open(Duration.ofMillis(50), callbacks::add)) {
      CompletableFuture<Void> closed = ask(batcher).thenAccept(Batch::close);
      Runnable delivery = callbacks.take();
      assertThat(closed).isNotDone();
      delivery.run();
      assertThat(closed).isCompleted();
    }
  }

  @Test
  void asynchronousStagesRunWhereThePolicySays() throws InterruptedException {
    BlockingQueue<Runnable> callbacks = new LinkedBlockingQueue<>();
    try (Batcher batcher = open(Duration.ofMillis(50), callbacks::add)) {
      CompletableFuture<Void> closed =
          ask(batcher).thenApply(out -> out).thenAcceptAsync(Batch::close);
      callbacks.take().run();
      assertThat(closed).isNotDone();
      callbacks.take().run();
      assertThat(closed).isCompleted();
    }
  }
}
