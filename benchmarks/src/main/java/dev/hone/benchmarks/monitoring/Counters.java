package dev.hone.benchmarks.monitoring;

import dev.hone.Model;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.inputs.LookupModel;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionMetrics;
import dev.hone.metrics.SessionStats;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowMetrics;
import dev.hone.shadow.ShadowPolicy;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Locale;
import java.util.concurrent.ExecutionException;

/** Whether what a session tells is what its callers saw. */
final class Counters {
  private static final String SEEN = "seen by the callers";
  private static final String COUNTED = "counted by the session";

  private Counters() {}

  static void measure(Effort effort, Answer answer) throws Exception {
    counts(effort, answer);
    stages(effort, answer);
    answer.figure("monitoring.series", (double) series());
  }

  /** Through a batched session, and a tenth as many through a plain one. */
  private static void counts(Effort effort, Answer answer)
      throws InterruptedException, ExecutionException {
    Model model = Model.load(LookupModel.bytes());
    int calls = effort.pick(1_000, 100_000, 1_000_000);
    BatchPolicy policy = BatchPolicy.builder().evenIfItDoesNotPay().maxQueueRows(64).build();
    long missed;
    try (TroubledCallers callers = new TroubledCallers(model)) {
      Batcher batched = Batcher.over(Session.open(model), policy);
      missed = one("batched", batched, callers, calls, answer);
      missed += one("not batched", Session.open(model), callers, calls / 10, answer);
    }
    answer.figure("monitoring.counters", (double) missed);
    answer.note(
        "Callers wait, or do not; some cancel, at once or while the call runs; some allow less time"
            + " than it takes; some ask for what the model cannot look up, which makes the whole"
            + " batch fail, or give inputs of a wrong shape; and the queue is short, so some are"
            + " refused. Answers are checked.");
  }

  private static long one(
      String how, Session session, TroubledCallers callers, int calls, Answer answer)
      throws InterruptedException, ExecutionException {
    Tally tally = callers.call(session, calls);
    session.close(); // after it nothing is under way
    SessionStats stats = session.stats();
    Table table =
        answer.add(
            new Table(
                String.format(Locale.ROOT, "How %,d calls ended, %s", tally.calls(), how),
                Column.higher(SEEN, "calls"),
                Column.higher(COUNTED, "calls")));
    for (Outcome outcome : Outcome.values()) {
      table
          .row(outcome.name().toLowerCase(Locale.ROOT), Side.OURS)
          .set(SEEN, (double) tally.count(outcome))
          .set(COUNTED, (double) stats.count(outcome));
    }
    return tally.missedBy(stats);
  }

  /** By what the sum of the stages differs from the time that callers waited. */
  private static void stages(Effort effort, Answer answer) throws Exception {
    int rounds = effort.pick(1, 6, 20);
    double[] differences = new double[rounds];
    try (StageCallers callers = new StageCallers(TextModel.MINILM)) {
      for (int round = 0; round < rounds; round++) {
        differences[round] = callers.differencePercent(effort.pick(16, 128, 512));
      }
    }
    answer.figure("monitoring.stages", differences);
  }

  /** The time series in a scrape of a session that is batched and shadowed. */
  private static long series() {
    PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    Model model = Model.load(LookupModel.bytes());
    Session fast = Batcher.over(Session.open(model), BatchPolicy.automatic());
    try (Shadow session = Shadow.of(fast, Session.open(model), ShadowPolicy.DEFAULT)) {
      new SessionMetrics("counted", session::stats).bindTo(registry);
      new ShadowMetrics("counted", session::shadowStats).bindTo(registry);
      return registry.scrape().lines().filter(line -> line.startsWith("inference_")).count();
    }
  }
}
