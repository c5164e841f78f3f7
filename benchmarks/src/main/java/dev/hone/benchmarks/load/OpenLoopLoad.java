package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.batching.Oracle;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Curves;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.question.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long requests wait when they come by themselves: latency against rate, and the highest rate
 * at which 99 of 100 are answered within five times the time that one takes alone.
 */
public final class OpenLoopLoad implements Question {
  private static final String RATE = "highest rate within the limit";
  private static final String BURSTS = "99th percentile, in bursts at half that rate";
  private static final String OVERLOAD = "answered at twice that rate";
  private static final double[] SHARES = {0.2, 0.4, 0.6, 0.8, 0.9, 1};
  private static final double[] FEW_SHARES = {0.3, 0.7};
  private static final int REQUESTS = 64;
  private static final long CURVE_SEED = 101;
  private static final long BURSTS_SEED = 102;
  private static final Map<String, String> FIGURES =
      Map.of(Server.HONE, "batching.open-loop", Server.UNBATCHED, "batching.open-loop.unbatched");

  @Override
  public String id() {
    return "load";
  }

  @Override
  public String words() {
    return "How long do requests wait that come by themselves? (MiniLM, queries of 8 to 16 tokens)";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 71, 500);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws Exception {
    double seconds = effort.pick(1, 10, 40) / 5.0;
    Table table =
        answer.add(
            new Table(
                "Requests that come by themselves",
                Column.higher(RATE, "1/s").asBars(),
                Column.lower(BURSTS, "ms"),
                Column.higher(OVERLOAD, "1/s")));
    List<Curves.Curve> curves = new ArrayList<>();
    try (Workload workload = Workload.shortTexts(REQUESTS)) {
      double aloneMillis = aloneMillis(workload);
      int limitRuns = effort.pick(10_000, 5, 5); // a smoke run shall not depend on the machine
      double limit = limitRuns * aloneMillis;
      for (Server server : effort == Effort.SHORT ? Server.few() : Server.all()) {
        Progress.say(server.name());
        try (Server.Open open = server.open(workload)) {
          one(new Load(open, workload, seconds, limit, effort), server, table, curves, answer);
        } catch (RuntimeException e) {
          answer.failed(server.name(), e);
        }
      }
      if (effort != Effort.SMOKE) {
        double best = Estimate.of(Oracle.bestPerSecond(workload)).value();
        ofTheBest(best, table, answer);
        ideal(IdealServer.highestPerSecond(workload, limit), best, answer);
      }
      answer.note(
          "Requests are due at random times (Poisson) and measured from when they were due. The"
              + " limit is "
              + Math.round(limit * 100) / 100.0
              + " ms, "
              + limitRuns
              + " times what one request takes alone. The highest rate is one at which half of the"
              + " runs of two seconds or more have their 99th percentile within it: a bad moment of"
              + " the machine spoils one run, and no more.");
    }
    answer.add(
        new Curves(
            "Throughput against waiting",
            "answers in a second (1/s)",
            "99th percentile of the time to the answer (ms)",
            curves));
  }

  private static void one(
      Load load, Server server, Table table, List<Curves.Curve> curves, Answer answer)
      throws InterruptedException {
    double capacity = load.capacity();
    List<Curves.Point> points = new ArrayList<>();
    for (double share : load.effort() == Effort.FULL ? SHARES : FEW_SHARES) {
      OpenLoop.Result result = load.poisson(share * capacity, CURVE_SEED);
      if (result.isVoid()) {
        answer.note(server.name() + ": " + Load.tooLate(share * capacity, result));
      } else {
        points.add(new Curves.Point(result.perSecond(), result.p99Millis()));
      }
    }
    curves.add(new Curves.Curve(server.name(), server.side(), points));
    double[] rates = load.highestRates(capacity);
    if (rates.length == 0) {
      answer.missing(server.name(), "at none of the rates was it within the limit.");
      return;
    }
    Table.Row row = table.row(server.name(), server.side());
    row.set(RATE, rates);
    if (server.side() == Side.THEIRS && load.effort() == Effort.SHORT) {
      return; // what follows has no figure
    }
    double best = Estimate.of(rates).value();
    OpenLoop.Result bursts = load.bursts(best / 2, BURSTS_SEED);
    if (!bursts.isVoid()) {
      row.set(BURSTS, bursts.p99Millis());
    }
    OpenLoop.Result overload = load.poisson(2 * best, CURVE_SEED);
    if (!overload.isVoid()) {
      row.set(OVERLOAD, overload.perSecond());
    }
  }

  /** Tells the rates as parts of what the best batches reach without any limit. */
  private static void ofTheBest(double best, Table table, Answer answer) {
    for (Table.Row row : table.rows()) {
      String figure = FIGURES.get(row.label());
      Values rates = row.cells().get(RATE);
      if (figure != null && rates != null) {
        double[] shares =
            rates.processes().stream()
                .flatMapToDouble(Arrays::stream)
                .map(rate -> 100 * rate / best)
                .toArray();
        answer.figure(figure, shares);
      }
    }
    answer.note(
        String.format(
            Locale.ROOT,
            "The best batches, prepared beforehand, answer %.0f requests/s, with no limit on how"
                + " long one waits.",
            best));
  }

  /** Tells what the limit leaves of that for anybody. */
  private static void ideal(double highest, double best, Answer answer) {
    answer.figure("batching.open-loop.ideal", 100 * highest / best);
    answer.note(
        String.format(
            Locale.ROOT,
            "A batcher that costs nothing would keep to the limit up to %.0f requests/s: simulated"
                + " with what batches of 1 to 8 rows take here, for the best bound of their rows,"
                + " and the better of one lane that has all processors and one lane for each.",
            highest));
  }

  /** The median of three rounds, after one that warms up. */
  private static double aloneMillis(Workload workload) {
    try (Session session = workload.open(0)) {
      long[] nanos = new long[3 * REQUESTS];
      for (int i = -REQUESTS; i < nanos.length; i++) {
        Batch request = workload.requests().get(Math.floorMod(i, REQUESTS));
        long start = System.nanoTime();
        session.run(request).close();
        if (i >= 0) {
          nanos[i] = System.nanoTime() - start;
        }
      }
      Arrays.sort(nanos);
      return nanos[nanos.length / 2] / 1e6;
    }
  }
}
