package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.contract.NoLeaks;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Many threads run while another closes: each gets right answers, and then that the session is
 * closed. The property {@code hone.rounds} says how often.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class CloseWhileRunningTest {
  private static final int ROUNDS = Integer.getInteger("hone.rounds", 50);
  private static final int THREADS = 32;

  private final Chain chain = new Chain(2);
  private final LongAdder answers = new LongAdder();

  @Test
  void aSessionMayBeClosedWhileThirtyTwoThreadsRun() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      for (int round = 0; round < ROUNDS; round++) {
        closeWhileRunning(threads);
      }
    } finally {
      threads.shutdownNow();
    }
    System.out.printf(
        "%d rounds of %d threads: %d right answers, no wrong one%n",
        ROUNDS, THREADS, answers.sum());
    assertThat(answers.sum()).isGreaterThan(ROUNDS);
  }

  private void closeWhileRunning(ExecutorService threads) throws Exception {
    Session session = chain.open();
    CountDownLatch answered = new CountDownLatch(THREADS / 2);
    List<Future<?>> runs = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int seed = i;
      runs.add(threads.submit(() -> runUntilClosed(session, seed, answered)));
    }
    answered.await();
    TimeUnit.MICROSECONDS.sleep(ThreadLocalRandom.current().nextLong(200));
    session.close();
    for (Future<?> run : runs) {
      run.get(); // throws what the run threw
    }
  }

  private void runUntilClosed(Session session, int seed, CountDownLatch answered) {
    int rows = 1 + seed % 4;
    try (Batch in = Chain.input(rows, seed)) {
      while (true) {
        try (Batch out = session.run(in)) {
          chain.verify(rows, seed, out);
          answers.increment();
        } finally {
          answered.countDown();
        }
      }
    } catch (IllegalStateException e) {
      assertThat(e).hasMessageContainingAll("session", "closed");
    }
  }
}
