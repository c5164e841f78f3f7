package dev.hone.benchmarks.life;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Resident;
import dev.hone.memory.Memory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;

/** A process that runs texts of all lengths from eight threads and watches its own memory. */
public final class SoakProcess {
  private static final int THREADS = 8;
  private static final int LONGEST_ROUNDS = 10;

  private final Session session;
  private final LongAdder runs = new LongAdder();
  private volatile boolean over;

  private SoakProcess(Session session) {
    this.session = session;
  }

  /**
   * Soaks, and prints how much resident memory grew in percent, how many native bytes were left
   * when all was closed, how many runs there were, and how many bytes were resident in the end.
   *
   * @param arguments for how many seconds
   */
  public static void main(String[] arguments) throws Exception {
    double[] grown;
    try (Session session =
        Session.open(TextModel.MINILM.model(), SessionOptions.builder().threads(1).build())) {
      grown = new SoakProcess(session).soak(Integer.parseInt(arguments[0]));
    }
    LifeProcess.tell(grown[0], (double) Memory.stats().liveBytes(), grown[1], grown[2]);
    System.exit(0);
  }

  /** Half of the time warms up; the first and the last quarter of the rest are compared. */
  private double[] soak(int seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    List<Future<?>> callers = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      int seed = i;
      callers.add(threads.submit(() -> runUntilOver(seed)));
    }
    int samples = Math.max(8, 2 * seconds);
    long[] resident = new long[samples];
    for (int i = 0; i < samples; i++) {
      TimeUnit.MILLISECONDS.sleep(1_000L * seconds / samples);
      resident[i] = Resident.bytes();
    }
    over = true;
    for (Future<?> caller : callers) {
      caller.get(); // throws what the caller threw
    }
    threads.shutdown();
    int quarter = samples / 8;
    double begin = median(resident, samples / 2, quarter);
    double end = median(resident, samples - quarter, quarter);
    return new double[] {begin == 0 ? 0 : 100 * (end - begin) / begin, runs.sum(), end};
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
