package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.HoneException;
import dev.hone.RunOptions;
import dev.hone.contract.NoLeaks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** Nobody may sleep for ever because another did not wake it, whatever ends the other's call. */
@ExtendWith(NoLeaks.class)
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class WakesTest {
  private static final int CALLERS = 48;
  private static final int CALLS = 400;

  private final long seed = Long.getLong("hone.storm.seed", 1);
  private final ToySession toy = new ToySession();
  private final ToySession reference = new ToySession();
  private final ConcurrentLinkedQueue<Throwable> wrong = new ConcurrentLinkedQueue<>();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong failed = new AtomicLong();
  private final CountDownLatch allCalled = new CountDownLatch(CALLERS);

  @Test
  void manyBlockingCallersAreAllWokenWithTheirOwnAnswers() throws InterruptedException {
    storm(0);
    assertThat(answered).hasValue((long) CALLERS * CALLS);
    assertThat(toy.largestRun.get()).isGreaterThan(Wakes.LONGEST);
  }

  @Test
  void callersThatFailExpireOrAreInterruptedKeepNobodyAsleep() throws InterruptedException {
    storm(6);
    assertThat(answered.get() + failed.get()).isEqualTo((long) CALLERS * CALLS);
    assertThat(answered.get()).isPositive();
    assertThat(failed.get()).isPositive();
  }

  /** Callers that block; one call in so many goes wrong in one of three ways, if not 0. */
  private void storm(int trouble) throws InterruptedException {
    BatchPolicy policy =
        BatchPolicy.builder()
            .evenIfItDoesNotPay()
            .lanes(2)
            .maxRows(32)
            .warmUp(Duration.ofMillis(50))
            .build();
    try (Batcher batcher = Batcher.over(toy, policy, ToySession.costs(1_000_000))) {
      toy.largestRun.set(0);
      toy.fault = (in, options) -> awaitCallers();
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < CALLERS; t++) {
        Random random = new Random(seed * 1000 + t);
        threads.add(new Thread(() -> call(batcher, random, trouble)));
      }
      threads.forEach(Thread::start);
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(wrong).isEmpty();
      assertThat(toy.underWay).hasValue(0);
    }
  }

  /** Keeps the first runs going until all have called, so that the next ones are large. */
  private void awaitCallers() {
    try {
      allCalled.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void call(Batcher batcher, Random random, int trouble) {
    try {
      for (int i = 0; i < CALLS; i++) {
        int fate = trouble == 0 ? -1 : random.nextInt(3 * trouble);
        long[] ids = {random.nextInt(100), fate == 0 ? ToySession.POISON : random.nextInt(100)};
        RunOptions options = RunOptions.DEFAULT;
        if (fate == 1) {
          options = options.withTimeout(Duration.ofNanos(1 + random.nextInt(300_000)));
        } else if (fate == 2) {
          Thread.currentThread().interrupt();
        }
        ask(batcher, options, ids);
        if (fate == 2) {
          assertThat(Thread.interrupted()).isTrue();
        }
      }
    } catch (Throwable e) {
      wrong.add(e);
    }
  }

  private void ask(Batcher batcher, RunOptions options, long[] ids) {
    try (Batch in = ToySession.input(ids)) {
      allCalled.countDown();
      Batch got;
      try {
        got = batcher.run(in, options);
      } catch (HoneException | IllegalArgumentException e) {
        failed.incrementAndGet();
        return;
      }
      try (got;
          Batch expected = reference.run(in)) {
        assertThat(got.get("pooled").toFloatArray())
            .isEqualTo(expected.get("pooled").toFloatArray());
        answered.incrementAndGet();
      }
    }
  }
}
