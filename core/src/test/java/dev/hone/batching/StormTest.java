package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.contract.NoLeaks;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Very many random calls from several threads, while everything that can go wrong does. Every call
 * ends once, with the answer it would have got alone or with an exception that it has earned. What
 * is asked follows from a seed; how it interleaves does not.
 */
@ExtendWith(NoLeaks.class)
@Timeout(value = 600, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StormTest {
  private static final List<Priority> PRIORITIES = List.of(Priority.values());
  private static final int THREADS = 8;

  /** Another seed is another storm. */
  private final long seed = Long.getLong("hone.storm.seed", 1);

  private static final String INJECTED = "An injected failure.";

  private final ToySession toy = new ToySession();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong poisoned = new AtomicLong();
  private final AtomicLong stopped = new AtomicLong();
  private final AtomicLong injected = new AtomicLong();
  private final AtomicLong overloaded = new AtomicLong();

  @Test
  void everyCallEndsOnceAndRight() throws InterruptedException {
    storm(20_000);
  }

  @Test
  @Tag("slow")
  void aMillionCallsEndOnceAndRight() throws InterruptedException {
    storm(1_000_000);
  }

  private void storm(int calls) throws InterruptedException {
    Batcher batcher =
        Batcher.over(
            toy,
            BatchPolicy.builder()
                .evenIfItDoesNotPay()
                .lanes(2)
                .maxRows(32)
                .warmUp(Duration.ofMillis(50))
                .tenantShare("tenant1", 2)
                .build());
    toy.fault = (in, options) -> misbehave(in);
    List<Thread> threads = new ArrayList<>();
    List<Throwable> wrong = new ArrayList<>();
    for (int t = 0; t < THREADS; t++) {
      Random random = new Random(seed * 1000 + t);
      Thread thread =
          new Thread(
              () -> {
                try {
                  for (int i = 0; i < calls / THREADS / 8; i++) {
                    ask(batcher, random);
                  }
                } catch (Throwable e) {
                  synchronized (wrong) {
                    wrong.add(e);
                  }
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong).isEmpty();
    long all = answered.get() + poisoned.get() + stopped.get() + injected.get() + overloaded.get();
    assertThat(all).isEqualTo(calls / THREADS / 8 * 8L * THREADS);
    assertThat(answered.get()).isGreaterThan(all * 8 / 10);
    requireLedger(batcher.stats(), all);
    assertThat(poisoned.get()).isPositive();
    assertThat(stopped.get()).isPositive();
    batcher.close();
    assertThat(toy.underWay).hasValue(0);
  }

  /** The batcher counted what its callers saw. */
  private void requireLedger(SessionStats stats, long all) {
    assertThat(stats.calls()).isEqualTo(all);
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(answered.get());
    assertThat(stats.count(Outcome.FAILED)).isEqualTo(poisoned.get() + injected.get());
    assertThat(stats.count(Outcome.REJECTED)).isEqualTo(overloaded.get());
    assertThat(stats.now().queuedRows()).isZero();
    assertThat(stats.now().oldestWaitNanos()).isZero();
  }

  /** Faults of the machine: chosen by the number of the run, not by what is asked. */
  private void misbehave(Batch in) {
    int chance = new SplittableRandom(seed << 32 | toy.runs.get()).nextInt(1000);
    if (chance < 5) {
      throw new HoneException(INJECTED);
    } else if (chance < 8) {
      throw new StackOverflowError(INJECTED);
    } else if (chance < 20 && in.rows() > 4) {
      throw new OutOfMemoryException(INJECTED, null);
    } else if (chance < 22) {
      pause(1);
    }
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Seven calls at once and one that blocks. */
  private void ask(Batcher batcher, Random random) {
    List<Call> calls = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      calls.add(new Call(batcher, random));
    }
    new Call(batcher, random, true);
    calls.forEach(Call::check);
  }

  /** One call and what must come of it. */
  private final class Call {
    private final long[][] ids;
    private final boolean isPoisoned;
    private final CompletableFuture<Batch> future;

    Call(Batcher batcher, Random random) {
      this(batcher, random, false);
    }

    Call(Batcher batcher, Random random, boolean blocking) {
      this.ids = ids(random);
      this.isPoisoned = Arrays.stream(ids).flatMapToLong(Arrays::stream).anyMatch(StormTest::bad);
      RunOptions options =
          RunOptions.DEFAULT
              .withTenant("tenant" + random.nextInt(4))
              .withPriority(PRIORITIES.get(random.nextInt(3)));
      Cancellation cancellation = new Cancellation();
      int fate = random.nextInt(40);
      options = fate == 0 ? options.withTimeout(Duration.ofNanos(200_000)) : options;
      options = fate == 1 ? options.withCancellation(cancellation) : options;
      try (Batch in = ToySession.input(ids)) {
        future = blocking ? blocking(batcher, in, options) : batcher.runAsync(in, options);
      }
      if (fate == 1) {
        cancellation.cancel();
      } else if (fate == 2 && future.cancel(true)) {
        assertThat(future).isCancelled();
      }
      if (blocking) {
        check();
      }
    }

    private static CompletableFuture<Batch> blocking(
        Batcher batcher, Batch in, RunOptions options) {
      try {
        return CompletableFuture.completedFuture(batcher.run(in, options));
      } catch (RuntimeException | Error e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    private static long[][] ids(Random random) {
      int rows = random.nextInt(10) == 0 ? 1 + random.nextInt(40) : 1;
      int longest = 1 + random.nextInt(random.nextInt(5) == 0 ? 40 : 8);
      long[][] ids = new long[rows][];
      for (int row = 0; row < rows; row++) {
        ids[row] = new long[row == 0 ? longest : 1 + random.nextInt(longest)];
        for (int i = 0; i < ids[row].length; i++) {
          ids[row][i] = random.nextInt(500);
        }
      }
      if (random.nextInt(500) == 0) {
        ids[0][0] = ToySession.POISON;
      }
      return ids;
    }

    void check() {
      try (Batch answer = future.join()) {
        assertThat(isPoisoned).isFalse();
        requireRight(answer);
        answered.incrementAndGet();
      } catch (CancellationException e) {
        stopped.incrementAndGet();
      } catch (CompletionException e) {
        count(Objects.requireNonNull(e.getCause()));
      }
    }

    private void count(Throwable cause) {
      if (cause instanceof DeadlineException
          || cause instanceof CancelledException
          || cause instanceof CancellationException) {
        stopped.incrementAndGet();
      } else if (cause instanceof OverloadException) {
        overloaded.incrementAndGet();
      } else if (INJECTED.equals(cause.getMessage())) {
        injected.incrementAndGet();
      } else {
        assertThat(cause).isInstanceOf(HoneException.class).hasMessage("Poison.");
        assertThat(isPoisoned).isTrue();
        poisoned.incrementAndGet();
      }
    }

    private void requireRight(Batch answer) {
      float[] pooled = answer.get("pooled").toFloatArray();
      float[] tokens = answer.get("tokens").toFloatArray();
      int longest = Arrays.stream(ids).mapToInt(row -> row.length).max().orElseThrow();
      assertThat(pooled).hasSize(2 * ids.length);
      assertThat(tokens).hasSize(3 * ids.length * longest);
      for (int row = 0; row < ids.length; row++) {
        long sum = 0;
        for (long id : ids[row]) {
          sum = (sum * 31 + id + 7) & 0xfffff;
        }
        if (pooled[2 * row] != (float) sum
            || tokens[3 * row * longest + 1] != (float) (sum + 2 * ids[row][0])) {
          throw new AssertionError(
              "row " + row + " of " + Arrays.deepToString(ids) + " is not " + sum);
        }
      }
    }
  }

  private static boolean bad(long id) {
    return id == ToySession.POISON;
  }
}
