package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.load.Arrivals;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.shadow.Shadow;
import dev.hone.shadow.ShadowPolicy;
import dev.hone.shadow.ShadowStats;
import java.io.IOException;
import java.util.List;
import java.util.Locale;

/**
 * What it costs to run 1 % of the requests on the full model too: the same batched INT8 session,
 * asked directly and through the shadow, in turns.
 */
final class ShadowCost {
  private static final String DIRECT = "INT8, batched";
  private static final String SHADOWED = "INT8, batched, 1 % shadowed by FP32";
  private static final String RATE = "requests answered, always 32 under way";
  private static final String P99 = "99th percentile at 30 % of that rate";
  private static final double SHARE_OF_CAPACITY = 0.3;
  private static final double TURN_SECONDS = 1;
  private static final double WANTED_MILLIS = 50;
  private static final int AT_ONCE = 512;

  private ShadowCost() {}

  static void measure(Effort effort, Answer answer) throws IOException, InterruptedException {
    try (SmallMiniLm small = new SmallMiniLm()) {
      Session fast = Batcher.open(small.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
      Session baseline =
          Session.open(TextModel.MINILM.model(), SessionOptions.builder().threads(1).build());
      try (Shadow shadow = Shadow.of(fast, baseline, ShadowPolicy.DEFAULT)) {
        measure(fast, shadow, small.requests(), effort, answer);
      }
    }
  }

  private static void measure(
      Session fast, Shadow shadow, List<Batch> requests, Effort effort, Answer answer)
      throws InterruptedException {
    Table table =
        answer.add(
            new Table(
                "What a second opinion costs (MiniLM, queries of 8 to 16 tokens)",
                Column.higher(RATE, "requests/s").asBars(),
                Column.lower(P99, "ms").asBars()));
    double capacity = Traffic.capacity(fast, requests, effort.pick(64, 1_024, 2_048));
    double[][] p99 = p99(fast, shadow, requests, SHARE_OF_CAPACITY * capacity, effort);
    ShadowStats open = shadow.shadowStats();
    Samples samples = throughput(fast, shadow, requests, effort);
    samples.failures().forEach(answer::missing);
    double[] risen = new double[p99[0].length];
    for (int i = 0; i < risen.length; i++) {
      risen[i] = p99[1][i] / p99[0][i];
    }
    answer.figure("monitoring.shadow.p99", Percent.risen(risen));
    Table.Row direct = table.row(DIRECT, Side.THEIRS).set(P99, p99[0]);
    Table.Row shadowed = table.row(SHADOWED, Side.OURS).set(P99, p99[1]);
    if (samples.has(DIRECT, SHADOWED)) {
      direct.set(RATE, samples.perSecond(DIRECT, AT_ONCE));
      shadowed.set(RATE, samples.perSecond(SHADOWED, AT_ONCE));
      answer.figure(
          "monitoring.shadow.throughput", Percent.lost(samples.speedAgainst(SHADOWED, DIRECT)));
    }
    note(open, shadow.shadowStats(), answer);
  }

  private static void note(ShadowStats open, ShadowStats all, Answer answer) {
    answer.note(
        String.format(
            Locale.ROOT,
            "While requests came by themselves, %d of the sampled ones were compared and %d left"
                + " out to keep the budget; while there was always something to do, %d and %d: a"
                + " second opinion gives way to pressure.",
            open.compared(),
            open.skipped(),
            all.compared() - open.compared(),
            all.skipped() - open.skipped()));
  }

  /**
   * By side, round by round. A round is one short turn of each side, with requests at the same
   * times, and the sides begin in turn. What disturbs the machine makes a few rounds useless, one
   * way or the other; the median over many rounds does not mind.
   */
  private static double[][] p99(
      Session fast, Session shadow, List<Batch> requests, double perSecond, Effort effort) {
    int rounds = effort.pick(1, 60, 240);
    double[][] millis = new double[2][rounds];
    Progress.say("second opinions, " + rounds + " rounds");
    for (int round = 0; round < rounds; round++) {
      long[] due = Arrivals.ramp(perSecond, perSecond, TURN_SECONDS, round);
      for (int i = 0; i < 2; i++) {
        int side = (round + i) % 2;
        Session session = side == 0 ? fast : shadow;
        millis[side][round] =
            Traffic.p99Millis(Traffic.send(session, requests, due, WANTED_MILLIS).tookNanos());
      }
    }
    return millis;
  }

  private static Samples throughput(
      Session fast, Session shadow, List<Batch> requests, Effort effort) {
    return Interleaved.measure(
        List.of(
            Entrant.theirs(DIRECT, () -> () -> Traffic.flood(fast, requests, AT_ONCE)),
            Entrant.ours(SHADOWED, () -> () -> Traffic.flood(shadow, requests, AT_ONCE))),
        effort);
  }
}
