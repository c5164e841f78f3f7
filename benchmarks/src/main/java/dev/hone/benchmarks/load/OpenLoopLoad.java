package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.batching.Oracle;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
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

/**
 * How long requests wait when they come by themselves: latency against rate, and the highest rate
 * at which 99 of 100 are answered within five times the time that one takes alone.
 */
public final class OpenLoopLoad implements Question {
  private static final String RATE = "highest rate within the limit";
  private static final String BURSTS = "99th percentile, in bursts at half that rate";
  private static final String OVERLOAD = "answered at twice that rate";
  private static final double[] SHARES = {0.2, 0.4, 0.6, 0.8, 0.9, 1};
  private static final double[] FEW_SHARES = {0.3, 0.6, 0.8, 0.9};
  private static final int REQUESTS = 64;

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
    return effort.pick(5, 78, 750);
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
      ofTheBest(effort == Effort.SMOKE ? 0 : Oracle.bestPerSecond(workload), table, answer);
      answer.note(
          "Requests are due at random times (Poisson) and measured from when they were due. The"
              + " limit is "
              + Math.round(limit * 100) / 100.0
              + " ms, "
              + limitRuns
              + " times what one request takes alone.");
    }
    answer.add(
        new Curves(
            "Throughput against waiting",
            "answers in a second (1/s)",
            "99th percentile of the time to the answer (ms)",
            curves));
  }

  private static void one(
      Load load, Server server, Table table, List<Curves.Curve> curves, Answer answer) {
    double capacity = load.capacity();
    List<Curves.Point> points = new ArrayList<>();
    double best = 0; // requests sent in a second, not answers
    double tooHigh = capacity;
    for (double share : load.effort() == Effort.FULL ? SHARES : FEW_SHARES) {
      OpenLoop.Result result = load.agreed(share * capacity);
      if (result.isVoid()) {
        answer.note(
            String.format(
                Locale.ROOT,
                "Void: %s at %.0f requests/s, because the generator was %.1f ms late.",
                server.name(),
                share * capacity,
                result.lagMillis()));
      } else {
        points.add(new Curves.Point(result.perSecond(), result.p99Millis()));
      }
      if (result.meets(load.limitMillis())) {
        best = share * capacity;
        tooHigh = capacity;
      } else if (!result.isVoid() && tooHigh == capacity) {
        tooHigh = share * capacity;
      }
    }
    curves.add(new Curves.Curve(server.name(), server.side(), points));
    best = load.refined(best, tooHigh);
    if (best == 0) {
      answer.missing(server.name(), "at none of the rates was it within the limit.");
      return;
    }
    Table.Row row = table.row(server.name(), server.side());
    row.set(RATE, best);
    OpenLoop.Result bursts = load.bursts(best / 2);
    if (!bursts.isVoid()) {
      row.set(BURSTS, bursts.p99Millis());
    }
    OpenLoop.Result overload = load.poisson(2 * best);
    if (!overload.isVoid()) {
      row.set(OVERLOAD, overload.perSecond());
    }
  }

  /** Tells the rate of the batcher as a part of what the best batches reach without any limit. */
  private static void ofTheBest(double best, Table table, Answer answer) {
    if (best == 0) {
      return; // in a smoke run
    }
    table
        .rows()
        .forEach(
            row -> {
              Values rate = row.cells().get(RATE);
              if (row.label().equals(Server.HONE) && rate != null) {
                answer.figure("batching.open-loop", 100 * rate.estimate().value() / best);
              }
            });
    answer.note(
        String.format(
            Locale.ROOT,
            "The best batches, prepared beforehand, answer %.0f requests/s, with no limit on how"
                + " long one waits.",
            best));
  }

  private static double aloneMillis(Workload workload) {
    try (Session session = workload.open(0)) {
      long[] nanos = new long[REQUESTS];
      for (int round = 0; round < 3; round++) {
        for (int i = 0; i < REQUESTS; i++) {
          Batch request = workload.requests().get(i);
          long start = System.nanoTime();
          session.run(request).close();
          nanos[i] = System.nanoTime() - start;
        }
      }
      Arrays.sort(nanos);
      return nanos[REQUESTS / 2] / 1e6;
    }
  }
}
