package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Thousands of calls that end together, and thousands of threads that call together. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class CrowdTest {
  private static final int LANES = 3;
  private static final int MOST_ROWS = 16;
  private static final long FIRST_ID = 1_000; // none is the poison
  private static final boolean VIRTUAL = Runtime.version().feature() >= 21;

  private final ToySession toy = new ToySession();
  private final ToySession reference = new ToySession();

  private Batcher open() {
    BatchPolicy policy =
        BatchPolicy.builder().evenIfItDoesNotPay().lanes(LANES).maxRows(MOST_ROWS).build();
    return Batcher.over(toy, policy, ToySession.costs(100_000));
  }

  private static CompletableFuture<Batch> ask(Batcher batcher, long id, RunOptions options) {
    try (Batch in = ToySession.input(new long[] {id, 1})) {
      return batcher.runAsync(in, options);
    }
  }

  private void requireAnswer(Batch answer, long id) {
    try (answer;
        Batch in = ToySession.input(new long[] {id, 1});
        Batch expected = reference.run(in)) {
      assertThat(answer.get("pooled").toFloatArray())
          .isEqualTo(expected.get("pooled").toFloatArray());
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void oneSwitchEndsThousandsOfCallsThatWaitAndNoOther() {
    try (Batcher batcher = open()) {
      CountDownLatch go = new CountDownLatch(1);
      AtomicInteger rows = new AtomicInteger();
      toy.fault =
          (in, options) -> {
            rows.addAndGet((int) in.rows());
            await(go);
          };
      Cancellation cancellation = new Cancellation();
      RunOptions switched = RunOptions.DEFAULT.withCancellation(cancellation);
      List<CompletableFuture<Batch>> stopped = new ArrayList<>();
      List<CompletableFuture<Batch>> kept = new ArrayList<>();
      for (int i = 0; i < 5_000; i++) {
        stopped.add(ask(batcher, FIRST_ID + i, switched));
        if (i % 100 == 0) {
          kept.add(ask(batcher, i, RunOptions.DEFAULT));
        }
      }
      cancellation.cancel();
      assertThat(stopped)
          .allSatisfy(future -> assertThat(future).isCompletedExceptionally())
          .allSatisfy(CrowdTest::requireCancelled);
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(5_000);
      assertThat(batcher.stats().now().queuedRows()).isLessThanOrEqualTo(kept.size());
      go.countDown();
      for (int i = 0; i < kept.size(); i++) {
        requireAnswer(kept.get(i).join(), 100L * i);
      }
      assertThat(rows.get()).as("rows computed").isLessThan(kept.size() + LANES * MOST_ROWS + 1);
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(kept.size());
      Storm.requireLanes(batcher, LANES, List.of(toy));
    }
  }

  private static void requireCancelled(CompletableFuture<Batch> future) {
    try {
      future.join().close();
      throw new AssertionError("It was answered.");
    } catch (CompletionException e) {
      assertThat(e).hasCauseInstanceOf(CancelledException.class);
    }
  }

  @Test
  void callsEndOnceWhenOneSwitchIsThrownWhileTheyComeAndRun() throws InterruptedException {
    int threads = 4;
    int each = 1_000;
    try (Batcher batcher = open()) {
      AtomicLong answered = new AtomicLong();
      AtomicLong cancelled = new AtomicLong();
      List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
      for (int round = 0; round < 10; round++) {
        Cancellation cancellation = new Cancellation();
        CountDownLatch come = new CountDownLatch(threads * each * (1 + round) / 12);
        List<Thread> callers = new ArrayList<>();
        for (int t = 0; t < threads; t++) {
          callers.add(
              new Thread(
                  () -> {
                    try {
                      askMany(batcher, each, cancellation, come, answered, cancelled);
                    } catch (RuntimeException | Error e) {
                      wrong.add(e);
                    }
                  }));
        }
        callers.forEach(Thread::start);
        await(come);
        cancellation.cancel();
        for (Thread caller : callers) {
          caller.join();
        }
      }
      assertThat(wrong).isEmpty();
      assertThat(answered.get() + cancelled.get()).isEqualTo(10L * threads * each);
      assertThat(cancelled.get()).isPositive();
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo(answered.get());
      assertThat(batcher.stats().count(Outcome.CANCELLED)).isEqualTo(cancelled.get());
      assertThat(batcher.stats().now().queuedRows()).isZero();
      Storm.requireLanes(batcher, LANES, List.of(toy));
    }
  }

  private void askMany(
      Batcher batcher,
      int calls,
      Cancellation cancellation,
      CountDownLatch come,
      AtomicLong answered,
      AtomicLong cancelled) {
    List<CompletableFuture<Batch>> futures = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      futures.add(ask(batcher, FIRST_ID + i, RunOptions.DEFAULT.withCancellation(cancellation)));
      come.countDown();
    }
    for (int i = 0; i < calls; i++) {
      try {
        requireAnswer(futures.get(i).join(), FIRST_ID + i);
        answered.incrementAndGet();
      } catch (CompletionException e) {
        assertThat(e).hasCauseInstanceOf(CancelledException.class);
        cancelled.incrementAndGet();
      }
    }
  }

  /** Before Java 21 a tenth as many of another kind. */
  @Test
  void twoThousandVirtualThreadsGetTheirAnswersAndRunNothingThemselves()
      throws InterruptedException {
    int callers = VIRTUAL ? 2_000 : 200;
    int each = 5;
    try (Batcher batcher = open()) {
      AtomicLong onOthers = new AtomicLong(); // runs
      CountDownLatch haveCalled = new CountDownLatch(1);
      toy.fault =
          (in, options) -> {
            await(haveCalled);
            boolean own = Thread.currentThread().getName().startsWith("hone-batcher-");
            onOthers.addAndGet(own ? 0 : 1);
          };
      AtomicLong right = new AtomicLong();
      CountDownLatch go = new CountDownLatch(1);
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < callers; t++) {
        int first = t;
        threads.add(
            Storm.startVirtualThread(
                () -> {
                  await(go);
                  for (int i = 0; i < each; i++) {
                    int id = (first + i) % 500;
                    try (Batch in = ToySession.input(new long[] {id, 1})) {
                      RunOptions ample = RunOptions.DEFAULT.withTimeout(Duration.ofMinutes(2));
                      requireAnswer(batcher.run(in, i == 0 ? ample : RunOptions.DEFAULT), id);
                      right.incrementAndGet();
                    }
                  }
                }));
      }
      go.countDown();
      while (batcher.stats().now().queuedRows() < callers - LANES * MOST_ROWS) {
        Thread.onSpinWait(); // all others are in the first batches, which wait for these
      }
      haveCalled.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(right).hasValue((long) callers * each);
      assertThat(batcher.stats().count(Outcome.ANSWERED)).isEqualTo((long) callers * each);
      assertThat(batcher.stats().batches().rows().mean()).isGreaterThan(1);
      if (VIRTUAL) {
        assertThat(onOthers).as("runs in callers' threads").hasValue(0);
      }
      Storm.requireLanes(batcher, LANES, List.of(toy));
    }
  }
}
