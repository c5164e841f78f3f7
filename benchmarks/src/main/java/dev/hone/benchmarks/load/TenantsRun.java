package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.BatchPolicy.Overload;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.metrics.SessionStats.Batches;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;

/**
 * A tenant that asks for a tenth of what can be served, alone and beside another that asks for ten
 * times of it.
 */
final class TenantsRun {
  private static final double LIGHT = 0.1;
  private static final double HEAVY = 10;
  private static final Duration QUEUE = Duration.ofMillis(250);
  private static final RunOptions LIGHT_ONE = RunOptions.DEFAULT.withTenant("light");
  private static final RunOptions HEAVY_ONE = RunOptions.DEFAULT.withTenant("heavy");
  private static final double LIMIT_MILLIS = 250;
  private static final int TRIES = 3;
  private static final List<Overload> USUAL = List.of(Overload.REJECT);
  private static final List<Overload> BOTH = List.of(Overload.REJECT, Overload.SHED_OLDEST);

  private static final String ALONE = "99th percentile, alone";
  private static final String BESIDE = "99th percentile, beside the heavy one";
  private static final String BATCH = "one batch";
  private static final String REFUSED = "of the light one's, refused";

  private final Session session;
  private final List<Batch> requests;
  private final double capacity;
  private final double seconds;
  private final boolean isSmoke;

  private TenantsRun(Session session, Workload workload, double capacity, Effort effort) {
    this.session = session;
    this.requests = workload.requests();
    this.capacity = capacity;
    this.seconds = effort.pick(1, 3, 10);
    this.isSmoke = effort == Effort.SMOKE;
  }

  static void measure(Workload workload, Effort effort, Answer answer) throws InterruptedException {
    Table table =
        answer.add(
            new Table(
                "A light tenant beside a heavy one (MiniLM, queries of 8 to 16 tokens)",
                Column.lower(ALONE, "ms"),
                Column.lower(BESIDE, "ms").asBars(),
                Column.lower(BATCH, "ms"),
                Column.lower(REFUSED, "%")));
    answer.note(
        String.format(
            Locale.ROOT,
            "The light tenant asks for a tenth of what can be served, the heavy one for ten times"
                + " of it, both at random times (Poisson). What waits may take %d ms. One batch is"
                + " the mean of those that ran meanwhile. The figure is for a queue that refuses when"
                + " it is full, as it does by default: first those of whoever has most in it.",
            QUEUE.toMillis()));
    for (Overload overload : effort == Effort.FULL ? BOTH : USUAL) {
      Progress.say("two tenants, " + overload);
      BatchPolicy policy =
          BatchPolicy.builder().maxQueueDelay(QUEUE).whenOverloaded(overload).build();
      try (Session session = Batcher.open(workload.model(), SessionOptions.DEFAULT, policy)) {
        int some = effort.pick(32, 1_024, 4_096);
        Flood.perSecond(session, workload.requests(), some);
        double capacity = Flood.perSecond(session, workload.requests(), some);
        int rounds = effort.pick(1, 4, 6);
        new TenantsRun(session, workload, capacity, effort).rounds(rounds, overload, table, answer);
      }
    }
  }

  private void rounds(int rounds, Overload overload, Table table, Answer answer) {
    double[] alone = new double[rounds];
    double[] beside = new double[rounds];
    double[] batch = new double[rounds];
    double[] refused = new double[rounds];
    double[] ratio = new double[rounds];
    light(rounds, true); // what happens in an overload is compiled, and the batcher knows it
    for (int round = 0; round < rounds; round++) {
      alone[round] = Schedule.p99Millis(light(round, false));
      Batches before = session.stats().batches();
      long[] took = light(round, true);
      Batches ran = session.stats().batches().minus(before);
      beside[round] = Schedule.p99Millis(took);
      batch[round] = ran.busyNanos() / 1e6 / Math.max(1, ran.rows().count());
      long failed = Arrays.stream(took).filter(nanos -> nanos == OpenLoop.FAILED).count();
      refused[round] = 100.0 * failed / took.length;
      ratio[round] = beside[round] / (2 * alone[round] + batch[round]);
    }
    boolean isDefault = overload == Overload.REJECT;
    String who =
        isDefault ? "full queue: the newest are refused" : "full queue: the oldest make way";
    Table.Row row = table.row("Hone, " + who, Side.OURS);
    row.set(ALONE, alone).set(BATCH, batch).set(REFUSED, refused);
    if (Arrays.stream(beside).allMatch(Double::isFinite)) {
      row.set(BESIDE, beside);
      if (isDefault) {
        answer.figure("batching.tenants", ratio);
      }
    } else if (isDefault && !isSmoke) {
      answer.missing(table.title(), "more than one of 100 of the light tenant's was refused.");
    }
  }

  /** What the light tenant's requests took, in a run that the generator was in time for. */
  private long[] light(int round, boolean hasNeighbour) {
    Schedule light = Schedule.EMPTY.and(0, seconds, LIGHT * capacity, 41 + round);
    Schedule all = hasNeighbour ? light.and(0, seconds, HEAVY * capacity, 51 + round) : light;
    boolean[] isLight = new boolean[all.due().length];
    for (long time : light.due()) {
      isLight[Arrays.binarySearch(all.due(), time)] = true;
    }
    OpenLoop.Result result = run(all, isLight);
    for (int tries = 1; result.isVoid() && !isSmoke; tries++) {
      if (tries == TRIES) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT, "Void: the generator was %.1f ms late.", result.lagMillis()));
      }
      result = run(all, isLight);
    }
    long[] took = result.tookNanos();
    return IntStream.range(0, took.length)
        .filter(i -> isLight[i])
        .mapToLong(i -> took[i])
        .toArray();
  }

  private OpenLoop.Result run(Schedule all, boolean[] isLight) {
    return Promptness.call(
        () ->
            OpenLoop.run(
                all.due(), i -> send(i, isLight[i] ? LIGHT_ONE : HEAVY_ONE), LIMIT_MILLIS));
  }

  private CompletableFuture<?> send(int i, RunOptions tenant) {
    return session.runAsync(requests.get(i % requests.size()), tenant).thenAccept(Batch::close);
  }
}
