package dev.hone;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.metrics.Capacity;
import dev.hone.metrics.Gauges;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class AsyncRunsTest {
  private final Batch in = Batch.of("x", Tensor.of(new float[] {1}, 1));
  private final CountDownLatch computed = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);
  private final AtomicInteger underWay = new AtomicInteger();
  private final AtomicInteger counted = new AtomicInteger();
  private final Recorder recorder = Recorder.counting("test", Capacity.of(1), Gauges.NONE);
  private boolean countsBeforeWaiting;

  private final AsyncRuns runs =
      new AsyncRuns(
          new AsyncRuns.Runner() {
            @Override
            public void enter(Batch in) {
              underWay.incrementAndGet();
            }

            @Override
            public Batch runEntered(
                Batch in, RunOptions options, long deadlineNanos, BooleanSupplier wanted) {
              if (!countsBeforeWaiting) {
                pause();
              }
              if (!wanted.getAsBoolean()) {
                throw new HoneException.CancelledException("The call was cancelled by its caller.");
              }
              counted.incrementAndGet();
              if (countsBeforeWaiting) {
                pause();
              }
              return Batch.of("y", Tensor.of(new float[] {2}, 1));
            }

            @Override
            public void exit(Batch in) {
              underWay.decrementAndGet();
            }
          },
          recorder,
          "test-async",
          1);

  private void pause() {
    computed.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void close() {
    goOn.countDown();
    runs.close();
    in.close();
  }

  @Test
  void whatWasCountedAsAnsweredCannotBeCancelledAnyMore() throws Exception {
    countsBeforeWaiting = true;
    CompletableFuture<Batch> future = runs.submit(this, in, RunOptions.DEFAULT);
    computed.await();
    assertThat(future.cancel(true)).isFalse();
    goOn.countDown();
    try (Batch out = future.get(60, TimeUnit.SECONDS)) {
      assertThat(out.get("y").toFloatArray()).containsExactly(2);
    }
    assertThat(counted).hasValue(1);
    assertThat(underWay).hasValue(0);
  }

  @Test
  void whatWasCancelledBeforeIsNotCounted() throws Exception {
    CompletableFuture<Batch> future = runs.submit(this, in, RunOptions.DEFAULT);
    computed.await();
    assertThat(future.cancel(true)).isTrue();
    goOn.countDown();
    runs.close();
    while (underWay.get() > 0) {
      Thread.onSpinWait();
    }
    assertThat(counted).hasValue(0);
    assertThat(future).isCancelled();
  }

  @Test
  void whatTimedOutWhileItWaitedNeverRuns() throws Exception {
    CompletableFuture<Batch> first = runs.submit(this, in, RunOptions.DEFAULT);
    computed.await();
    List<CompletableFuture<Batch>> late = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      late.add(runs.submit(this, in, RunOptions.DEFAULT).orTimeout(10, TimeUnit.MILLISECONDS));
    }
    for (CompletableFuture<Batch> future : late) {
      assertThatThrownBy(future::join).hasCauseInstanceOf(TimeoutException.class);
    }
    goOn.countDown();
    first.join().close();
    while (underWay.get() > 0) {
      Thread.onSpinWait();
    }
    assertThat(counted).hasValue(1);
    assertThat(recorder.snapshot().count(Outcome.EXPIRED)).isEqualTo(10);
  }

  @Test
  void whatItsCallerCompletedIsNotCounted() throws Exception {
    CompletableFuture<Batch> future = runs.submit(this, in, RunOptions.DEFAULT);
    computed.await();
    assertThat(future.complete(in)).isTrue();
    goOn.countDown();
    while (underWay.get() > 0) {
      Thread.onSpinWait();
    }
    assertThat(future.join()).isSameAs(in);
    assertThat(counted).hasValue(0);
    assertThat(recorder.snapshot().count(Outcome.CANCELLED)).isEqualTo(1);
  }

  @Test
  void whatComesAfterClosingFailsAndLeavesNothingUnderWay() {
    runs.close();
    CompletableFuture<Batch> future = runs.submit(this, in, RunOptions.DEFAULT);
    assertThatThrownBy(future::join).hasCauseInstanceOf(RuntimeException.class);
    assertThat(underWay).hasValue(0);
  }
}
