package dev.hone.benchmarks.life;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.inputs.TextModel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.LongSupplier;

/** Runs texts of all lengths from eight threads and watches how much memory is used meanwhile. */
public final class MixedTexts {
  private static final int THREADS = 8;
  private static final int LONGEST_ROUNDS = 10;

  private final Session session;
  private final LongAdder runs = new LongAdder();
  private volatile boolean over;

  /**
   * What was seen.
   *
   * @param growthPercent how much more was used at the end than in the middle
   * @param runs how many runs there were
   * @param bytes how much was used in the end
   */
  public record Seen(double growthPercent, long runs, double bytes) {}

  private MixedTexts(Session session) {
    this.session = session;
  }

  /**
   * Runs. Half of the time warms up, so that every length was seen; then the medians of the first
   * and the last quarter of the rest are compared.
   *
   * @param session of a {@link TextModel}; borrowed
   * @param bytes tells how much is used now
   * @throws ExecutionException as soon as a run failed
   */
  public static Seen run(Session session, int seconds, LongSupplier bytes)
      throws InterruptedException, ExecutionException {
    return new MixedTexts(session).run(seconds, bytes);
  }

  private Seen run(int seconds, LongSupplier bytes)
      throws InterruptedException, ExecutionException {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> callers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int seed = i;
      callers.add(threads.submit(() -> runUntilOver(seed)));
    }
    int samples = Math.max(8, 2 * seconds);
    long[] used = new long[samples];
    try {
      for (int i = 0; i < samples; i++) {
        TimeUnit.MILLISECONDS.sleep(1_000L * seconds / samples);
        used[i] = bytes.getAsLong();
        for (Future<?> caller : callers) {
          if (caller.isDone()) {
            caller.get(); // it is not over yet: throws what the caller threw
          }
        }
      }
    } finally {
      over = true;
      threads.shutdown();
    }
    for (Future<?> caller : callers) {
      caller.get();
    }
    int quarter = samples / 8;
    double begin = median(used, samples / 2, quarter);
    double end = median(used, samples - quarter, quarter);
    return new Seen(begin == 0 ? 0 : 100 * (end - begin) / begin, runs.sum(), end);
  }

  private void runUntilOver(int seed) {
    Random random = new Random(seed);
    for (int i = 0; !over; i++) {
      int length = i < LONGEST_ROUNDS ? TextModel.CUT : 1 + random.nextInt(TextModel.CUT);
      long[] ids = random.longs(length, 1_000, 20_000).toArray();
      try (Batch in = TextModel.batch(new long[][] {ids});
          Batch out = session.run(in)) {
        runs.add(out.size());
      }
    }
  }

  private static double median(long[] values, int from, int count) {
    long[] part = Arrays.copyOfRange(values, from, from + count);
    Arrays.sort(part);
    return part[count / 2];
  }
}
