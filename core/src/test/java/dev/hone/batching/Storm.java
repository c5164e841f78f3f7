package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.HoneException.OutOfMemoryException;
import dev.hone.HoneException.OverloadException;
import dev.hone.RunOptions;
import dev.hone.RunOptions.Priority;
import dev.hone.Shape;
import dev.hone.Tensor;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Random calls of one batcher from several threads, while everything that can go wrong does. What
 * is asked follows from a seed; how it interleaves does not.
 */
final class Storm {
  private static final List<Priority> PRIORITIES = List.of(Priority.values());
  private static final int THREADS = 8;
  private static final int AT_ONCE = 8; // calls of a thread
  private static final long PATIENCE_NANOS = 60_000_000_000L; // then a lane is taken for lost
  private static final String INJECTED = "An injected failure.";

  /** How a call is made. */
  private enum Way {
    ASYNC,
    BLOCKING,
    INTO_TARGETS,
    ON_VIRTUAL_THREAD
  }

  private final long seed;
  private final Batcher batcher;
  private final int lanes;
  private final List<ToySession> sessions;
  private final AtomicLong runs = new AtomicLong();
  final AtomicLong answered = new AtomicLong();
  final AtomicLong poisoned = new AtomicLong();
  final AtomicLong stopped = new AtomicLong();
  private final AtomicLong injected = new AtomicLong();
  private final AtomicLong overloaded = new AtomicLong();
  private final AtomicLong tooLate = new AtomicLong(); // after closing

  /** A storm on a batcher with so many lanes over these sessions. */
  Storm(long seed, Batcher batcher, int lanes, ToySession... sessions) {
    this.seed = seed;
    this.batcher = batcher;
    this.lanes = lanes;
    this.sessions = List.of(sessions);
    for (ToySession session : sessions) {
      session.fault = (in, options) -> misbehave(in);
    }
  }

  /**
   * Makes about so many calls and closes the batcher; each call ends once, with the answer it would
   * have got alone or with an exception that it has earned, and no lane is lost.
   *
   * @param closesAfter after how many calls of one thread the batcher is closed
   * @return how many calls there were
   */
  long blow(int calls, int closesAfter) throws InterruptedException {
    int rounds = calls / THREADS / AT_ONCE;
    List<Thread> threads = new ArrayList<>();
    List<Throwable> wrong = Collections.synchronizedList(new ArrayList<>());
    for (int t = 0; t < THREADS; t++) {
      Random random = new Random(seed * 1000 + t);
      int closesIn = t == 0 ? closesAfter / AT_ONCE : Integer.MAX_VALUE;
      Thread thread =
          new Thread(
              () -> {
                try {
                  ask(random, rounds, closesIn);
                } catch (Throwable e) {
                  wrong.add(e);
                }
              });
      threads.add(thread);
      thread.start();
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(wrong).isEmpty();
    long all = (long) rounds * THREADS * AT_ONCE;
    long failed = poisoned.get() + injected.get() + tooLate.get();
    assertThat(answered.get() + failed + stopped.get() + overloaded.get()).isEqualTo(all);
    requireLedger(batcher.stats(), all, failed);
    if (closesAfter / AT_ONCE >= rounds) {
      requireLanes(batcher, lanes, sessions);
    }
    batcher.close();
    return all;
  }

  /** The batcher counted what its callers saw. */
  private void requireLedger(SessionStats stats, long all, long failed) {
    assertThat(stats.calls()).isEqualTo(all);
    assertThat(stats.count(Outcome.ANSWERED)).isEqualTo(answered.get());
    assertThat(stats.count(Outcome.FAILED)).isEqualTo(failed);
    assertThat(stats.count(Outcome.REJECTED)).isEqualTo(overloaded.get());
    assertThat(stats.now().queuedRows()).isZero();
    assertThat(stats.now().oldestWaitNanos()).isZero();
  }

  /** As many calls as there are lanes run at the same time, on the lanes' own threads. */
  static void requireLanes(Batcher batcher, int lanes, List<ToySession> sessions) {
    CountDownLatch all = new CountDownLatch(lanes);
    for (ToySession session : sessions) {
      session.fault = (in, options) -> meet(all);
    }
    List<CompletableFuture<Batch>> answers = new ArrayList<>();
    for (int i = 1; i <= lanes; i++) {
      try (Batch in = ToySession.input(new long[] {i})) {
        answers.add(batcher.runAsync(in));
      }
      long giveUp = System.nanoTime() + PATIENCE_NANOS;
      while (all.getCount() > lanes - i && System.nanoTime() - giveUp < 0) {
        Thread.onSpinWait(); // the next one must not join its batch
      }
    }
    long lost = all.getCount();
    sessions.forEach(session -> session.fault = (in, options) -> {});
    for (long i = 0; i < lost; i++) {
      all.countDown(); // those that wait for the lost ones
    }
    answers.forEach(answer -> answer.join().close());
    assertThat(lost).as("lanes that run nothing any more, of " + lanes).isZero();
  }

  private static void meet(CountDownLatch others) {
    others.countDown();
    try {
      others.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Faults of the machine: chosen by the number of the run, not by what is asked. */
  private void misbehave(Batch in) {
    int chance = new SplittableRandom(seed << 32 | runs.incrementAndGet()).nextInt(1000);
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

  private void ask(Random random, int rounds, int closesIn) {
    for (int i = 0; i < rounds; i++) {
      if (i == closesIn) {
        batcher.close();
      }
      ask(random);
    }
  }

  /** Some calls at once, the last of which blocks. */
  private void ask(Random random) {
    List<Call> calls = new ArrayList<>();
    for (int i = 1; i < AT_ONCE; i++) {
      calls.add(new Call(random, Way.ASYNC));
    }
    Way[] ways = Way.values();
    new Call(random, ways[1 + random.nextInt(ways.length - 1)]).check();
    calls.forEach(Call::check);
  }

  /** One call and what must come of it. */
  private final class Call {
    private final long[][] ids;
    private final boolean isPoisoned;
    private final CompletableFuture<Batch> future;

    Call(Random random, Way way) {
      this.ids = ids(random);
      this.isPoisoned = Arrays.stream(ids).flatMapToLong(Arrays::stream).anyMatch(Storm::bad);
      RunOptions options =
          RunOptions.DEFAULT.withPriority(PRIORITIES.get(random.nextInt(PRIORITIES.size())));
      int tenant = random.nextInt(6); // who names none may run in the caller's thread
      options = tenant < 4 ? options.withTenant("tenant" + tenant) : options;
      Cancellation cancellation = new Cancellation();
      int fate = random.nextInt(40);
      options = fate == 0 ? options.withTimeout(Duration.ofNanos(200_000)) : options;
      options = fate == 1 ? options.withCancellation(cancellation) : options;
      try (Batch in = ToySession.input(ids)) {
        future = call(way, in, options);
      }
      if (fate == 1) {
        cancellation.cancel();
      } else if (fate == 2 && future.cancel(true)) {
        assertThat(future).isCancelled();
      }
    }

    private CompletableFuture<Batch> call(Way way, Batch in, RunOptions options) {
      return switch (way) {
        case ASYNC -> batcher.runAsync(in, options);
        case BLOCKING -> blocking(() -> batcher.run(in, options));
        case INTO_TARGETS -> blocking(() -> intoTargets(in, options));
        case ON_VIRTUAL_THREAD -> elsewhere(() -> batcher.run(in, options));
      };
    }

    private Batch intoTargets(Batch in, RunOptions options) {
      int rows = ids.length;
      Batch out =
          Batch.of(
              "tokens",
              Tensor.allocate(DataType.FLOAT32, Shape.of(rows, longest(), 3)),
              "pooled",
              Tensor.allocate(DataType.FLOAT32, Shape.of(rows, 2)));
      try {
        batcher.run(in, out, options);
        return out;
      } catch (RuntimeException | Error e) {
        out.close();
        throw e;
      }
    }

    private int longest() {
      return Arrays.stream(ids).mapToInt(row -> row.length).max().orElseThrow();
    }

    private static CompletableFuture<Batch> blocking(Supplier<Batch> run) {
      try {
        return CompletableFuture.completedFuture(run.get());
      } catch (RuntimeException | Error e) {
        return CompletableFuture.failedFuture(e);
      }
    }

    /** Blocks in another thread, a virtual one if there are any. */
    private static CompletableFuture<Batch> elsewhere(Supplier<Batch> run) {
      AtomicReference<@Nullable CompletableFuture<Batch>> answer = new AtomicReference<>();
      Runnable task = () -> answer.set(blocking(run));
      try {
        startVirtualThread(task).join();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      return Objects.requireNonNull(answer.get());
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
      } else if (cause instanceof IllegalStateException) {
        assertThat(cause).hasMessageContaining("a batcher, was closed");
        tooLate.incrementAndGet();
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
      int longest = longest();
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

  /** Starts a virtual thread, or another one before Java 21. */
  static Thread startVirtualThread(Runnable task) {
    try {
      return (Thread)
          Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
    } catch (ReflectiveOperationException e) {
      Thread thread = new Thread(task);
      thread.start();
      return thread;
    }
  }

  private static boolean bad(long id) {
    return id == ToySession.POISON;
  }
}
