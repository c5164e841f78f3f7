package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(NoLeaks.class)
@Timeout(value = 60, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class VirtualCallsTest {
  private final ToySession toy = new ToySession(ToySession.Trait.MIXES_ROWS);
  private final CountDownLatch go = new CountDownLatch(1);

  private Batcher batcher() {
    BatchPolicy policy = BatchPolicy.builder().warmUp(Duration.ofMillis(5)).build();
    return Batcher.over(toy, policy);
  }

  private static <T> CompletableFuture<T> onVirtualThread(Supplier<T> task) throws Exception {
    CompletableFuture<T> end = new CompletableFuture<>();
    Runnable calls =
        () -> {
          try {
            end.complete(task.get());
          } catch (Throwable e) {
            end.completeExceptionally(e);
          }
        };
    try {
      Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, calls);
    } catch (NoSuchMethodException e) {
      assumeTrue(false, "virtual threads came with Java 21");
    }
    return end;
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void whatAVirtualThreadAsksForRunsOnAPlatformThreadWithoutBatchesToo() throws Exception {
    AtomicReference<String> ran = new AtomicReference<>();
    try (Batcher batcher = batcher();
        Batch in = ToySession.input(new long[] {1, 2})) {
      assertThat(batcher.isBatching()).isFalse();
      toy.fault = (inputs, options) -> ran.set(Thread.currentThread().getName());
      onVirtualThread(() -> batcher.run(in)).join().close();
      assertThat(ran.get()).isEqualTo("hone-batcher-virtual");
      try (Batch out = batcher.run(in)) {
        onVirtualThread(
                () -> {
                  batcher.run(in, out);
                  return out;
                })
            .join();
      }
      assertThat(ran.get()).isEqualTo("hone-batcher-virtual");
      batcher.run(in).close();
      assertThat(ran.get()).isEqualTo(Thread.currentThread().getName());
      toy.fault =
          (inputs, options) -> {
            throw new HoneException("injected");
          };
      assertThatThrownBy(() -> onVirtualThread(() -> batcher.run(in)).join())
          .isInstanceOf(CompletionException.class)
          .cause()
          .isExactlyInstanceOf(HoneException.class)
          .hasMessage("injected");
    }
  }

  /** Calls from platform threads, as many as may run at once, and then one that must wait. */
  private List<Thread> keepBusy(VirtualCalls calls) throws InterruptedException {
    int count = Runtime.getRuntime().availableProcessors();
    CountDownLatch running = new CountDownLatch(count);
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Thread thread =
          new Thread(
              () ->
                  calls
                      .run(
                          RunOptions.DEFAULT,
                          options -> {
                            running.countDown();
                            await(go);
                            return ToySession.input(new long[] {1});
                          })
                      .close());
      threads.add(thread);
      thread.start();
    }
    running.await();
    return threads;
  }

  private static Batch notRun(RunOptions options) {
    throw new AssertionError("ran all the same, with " + options);
  }

  @Test
  void aCallThatWaitsForAThreadEndsEarlyAndThoseThatRunDoNot() throws InterruptedException {
    VirtualCalls calls = new VirtualCalls();
    List<Thread> busy = keepBusy(calls);
    RunOptions soon = RunOptions.DEFAULT.withTimeout(Duration.ofMillis(20));
    assertThatThrownBy(() -> calls.run(soon, VirtualCallsTest::notRun))
        .isInstanceOf(DeadlineException.class)
        .hasMessageContaining("waited in the queue, 20 ms after the call");
    Cancellation cancellation = new Cancellation();
    cancellation.cancel();
    RunOptions cancelled = RunOptions.DEFAULT.withCancellation(cancellation);
    assertThatThrownBy(() -> calls.run(cancelled, VirtualCallsTest::notRun))
        .isInstanceOf(CancelledException.class);
    go.countDown();
    for (Thread thread : busy) {
      thread.join();
    }
    calls.close();
    assertThatThrownBy(() -> calls.run(RunOptions.DEFAULT, VirtualCallsTest::notRun))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
  }

  @Test
  void closingWaitsForCallsUnderWay() throws InterruptedException {
    VirtualCalls calls = new VirtualCalls();
    List<Thread> busy = keepBusy(calls);
    Thread closing = new Thread(calls::close);
    closing.start();
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    go.countDown();
    closing.join();
    for (Thread thread : busy) {
      thread.join();
    }
  }

  @Test
  void theReportSaysWhatOfThePolicyIsNotKeptWhereNothingQueues() {
    BatchPolicy policy =
        BatchPolicy.builder().warmUp(Duration.ofMillis(5)).maxRows(8).maxQueueRows(64).build();
    try (Batcher batcher = Batcher.over(toy, policy)) {
      assertThat(batcher.report().notes())
          .anyMatch(note -> note.endsWith("of the queue is not kept: maxQueueRows 64"));
    }
    try (Batcher batcher = Batcher.over(new ToySession(ToySession.Trait.FIXED_BATCH), policy)) {
      assertThat(batcher.report().notes()).anyMatch(note -> note.contains("maxQueueRows 64"));
    }
    ToySession fixed = new ToySession(ToySession.Trait.FIXED_BATCH);
    try (Batcher batcher = Batcher.over(fixed, BatchPolicy.automatic())) {
      assertThat(batcher.report().notes()).noneMatch(note -> note.contains("of the queue"));
    }
  }
}
