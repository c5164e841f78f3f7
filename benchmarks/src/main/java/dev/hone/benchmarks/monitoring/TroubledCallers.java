package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Model;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.Tensor;
import dev.hone.benchmarks.inputs.LookupModel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Callers of a {@link LookupModel} among whom everything happens that can happen to a call. What
 * happens is drawn from fixed seeds; how it ends is up to chance.
 */
final class TroubledCallers implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int AT_ONCE = 8;
  private static final int INPUTS = 256;
  private static final int POISONED_EVERY = 64;
  private static final double TOLERANCE = 1e-4;

  private final List<Batch> inputs = new ArrayList<>();
  private final List<float[]> answers = new ArrayList<>(); // empty for what must fail
  private final Batch misshapen = Batch.of("ids", Tensor.of(new long[1][LookupModel.LENGTH - 1]));
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  TroubledCallers(Model model) {
    Random random = new Random(5);
    try (Session session = Session.open(model)) {
      for (int i = 0; i < INPUTS; i++) {
        long[][] ids = new long[1 + random.nextInt(3)][];
        Arrays.setAll(
            ids, r -> random.longs(LookupModel.LENGTH, 0, LookupModel.VOCABULARY).toArray());
        boolean poisoned = i % POISONED_EVERY == 0;
        ids[0][0] = poisoned ? LookupModel.VOCABULARY : ids[0][0];
        Batch input = Batch.of("ids", Tensor.of(ids));
        inputs.add(input);
        answers.add(poisoned ? new float[0] : answer(session, input));
      }
    }
  }

  private static float[] answer(Session session, Batch input) {
    try (Batch output = session.run(input)) {
      return output.tensor(0).toFloatArray();
    }
  }

  /** Makes so many calls; returns when the last one has ended. */
  Tally call(Session session, int calls) throws InterruptedException, ExecutionException {
    Tally tally = new Tally();
    List<Future<?>> running = new ArrayList<>();
    for (int thread = 0; thread < THREADS; thread++) {
      Random random = new Random(thread);
      int mine = calls / THREADS + (thread < calls % THREADS ? 1 : 0);
      running.add(threads.submit(() -> call(session, mine, random, tally)));
    }
    for (Future<?> future : running) {
      future.get();
    }
    return tally;
  }

  private void call(Session session, int calls, Random random, Tally tally) {
    List<Runnable> open = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      open.add(one(session, random, tally));
      if (open.size() == AT_ONCE) {
        open.forEach(Runnable::run);
        open.clear();
      }
    }
    open.forEach(Runnable::run);
  }

  /** Begins a call; what is returned waits for its end and counts it. */
  private Runnable one(Session session, Random random, Tally tally) {
    int at = random.nextInt(INPUTS);
    int fate = random.nextInt(100);
    Batch input = fate == 0 ? misshapen : inputs.get(at);
    Cancellation cancellation = new Cancellation();
    RunOptions options = RunOptions.DEFAULT;
    if (fate < 8) {
      options = options.withTimeout(Duration.ofNanos(20_000L + random.nextInt(2_000_000)));
    } else if (fate < 13) {
      options = options.withCancellation(cancellation);
    } else if (fate < 30) {
      return blocking(session, at, input, tally);
    }
    CompletableFuture<Batch> future = session.runAsync(input, options);
    CompletableFuture<Integer> dependent = // half of them, as that takes another way
        fate % 2 == 0 ? future.thenApply(Batch::size) : CompletableFuture.completedFuture(0);
    if (fate >= 8 && fate < 13) {
      spin(random.nextInt(100_000));
      cancellation.cancel();
    } else if (fate >= 90) {
      spin(random.nextInt(100_000));
      future.cancel(true);
    }
    return () -> {
      count(future, at, tally);
      dependent.handle((size, thrown) -> size).join();
    };
  }

  private Runnable blocking(Session session, int at, Batch input, Tally tally) {
    try (Batch output = session.run(input)) {
      check(at, output);
      tally.answered();
    } catch (RuntimeException e) {
      tally.ended(e);
    }
    return () -> {};
  }

  private void count(CompletableFuture<Batch> future, int at, Tally tally) {
    try (Batch output = future.join()) {
      check(at, output);
      tally.answered();
    } catch (RuntimeException e) {
      tally.ended(e);
    }
  }

  private void check(int at, Batch output) {
    float[] expected = answers.get(at);
    float[] actual = output.tensor(0).toFloatArray();
    boolean good = expected.length == actual.length;
    for (int i = 0; good && i < expected.length; i++) {
      good = Math.abs(actual[i] - expected[i]) <= TOLERANCE * (1 + Math.abs(expected[i]));
    }
    if (!good) {
      throw new AssertionError("Input " + at + " got the answer of another one.");
    }
  }

  private static void spin(long nanos) {
    long end = System.nanoTime() + nanos;
    while (System.nanoTime() - end < 0) {
      Thread.onSpinWait();
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    inputs.forEach(Batch::close);
    misshapen.close();
  }
}
