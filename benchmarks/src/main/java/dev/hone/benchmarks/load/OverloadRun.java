package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.HoneException.OverloadException;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Curves;
import dev.hone.benchmarks.question.Table;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Half of what can be served, then twice of it, then half again: how much is answered in time
 * meanwhile, how soon the rest is refused, and when all is as before.
 */
final class OverloadRun {
  /** An answer that comes later is of no use. */
  private static final Duration WANTED = Duration.ofSeconds(1);

  /** The longest predicted wait with which a request is taken. */
  private static final Duration QUEUE = Duration.ofMillis(250);

  private static final double CALM = 0.5;
  private static final double TOO_MUCH = 2;
  private static final double WINDOW = 0.25;
  private static final String WORDS =
      "Twice what can be served (MiniLM, queries of 8 to 16 tokens)";

  private final Answer answer;
  private final Effort effort;
  private final double calm;
  private final double overload;
  private final ConcurrentLinkedQueue<Long> refusedNanos = new ConcurrentLinkedQueue<>();

  private OverloadRun(Effort effort, Answer answer) {
    this.answer = answer;
    this.effort = effort;
    this.calm = effort.pick(1, 4, 10);
    this.overload = effort.pick(1, 10, 60);
  }

  static void measure(Workload workload, Effort effort, Answer answer) throws InterruptedException {
    Progress.say("twice what can be served");
    BatchPolicy policy = BatchPolicy.builder().maxQueueDelay(QUEUE).build();
    try (Session session = Batcher.open(workload.model(), SessionOptions.DEFAULT, policy)) {
      List<Batch> requests = workload.requests();
      int some = effort.pick(32, 1_024, 4_096);
      Flood.perSecond(session, requests, some / 2);
      double before = Flood.perSecond(session, requests, some);
      OverloadRun run = new OverloadRun(effort, answer);
      Schedule schedule = run.schedule(before);
      OpenLoop.Result result =
          Promptness.call(
              () ->
                  OpenLoop.run(
                      schedule.due(),
                      i -> run.send(session, requests.get(i % requests.size())),
                      effort == Effort.SMOKE ? Double.MAX_VALUE : WANTED.toMillis()));
      double peak = (before + Flood.perSecond(session, requests, some)) / 2;
      run.tell(schedule, result, peak);
    }
  }

  private Schedule schedule(double capacity) {
    double end = calm + overload;
    return Schedule.EMPTY
        .and(0, calm, CALM * capacity, 31)
        .and(calm, end, TOO_MUCH * capacity, 32)
        .and(end, end + calm, CALM * capacity, 33);
  }

  private CompletableFuture<?> send(Session session, Batch request) {
    long start = System.nanoTime();
    return session
        .runAsync(request)
        .whenComplete(
            (output, failure) -> {
              if (failure instanceof OverloadException) {
                refusedNanos.add(System.nanoTime() - start);
              }
            })
        .thenAccept(Batch::close);
  }

  private void tell(Schedule schedule, OpenLoop.Result result, double peak) {
    if (result.isVoid()) {
      answer.missing(
          WORDS,
          String.format(Locale.ROOT, "the generator was %.1f ms late: void.", result.lagMillis()));
      return;
    }
    long[] took = result.tookNanos();
    double end = calm + overload;
    double[] useful = useful(schedule, took, peak);
    double refused = Schedule.p99Millis(refusedNanos.stream().mapToLong(Long::longValue).toArray());
    double normal = worstP99(schedule, took, 0, calm);
    double recovery = recovery(schedule, took, end, normal);
    Table.Row row =
        answer
            .add(
                new Table(
                    WORDS,
                    Column.higher("answered in time, of the peak", "%").asBars(),
                    Column.higher("peak", "1/s"),
                    Column.lower("99 of 100 are refused within", "ms"),
                    Column.lower("as before after", "s")))
            .row("Hone: Batcher", Side.OURS)
            .set("answered in time, of the peak", useful)
            .set("peak", peak);
    answer.figure("batching.overload.useful", useful);
    if (Double.isFinite(refused)) {
      row.set("99 of 100 are refused within", refused);
      answer.figure("batching.overload.reject", refused);
    }
    if (Double.isFinite(recovery)) {
      row.set("as before after", recovery);
      answer.figure("batching.overload.recovery", recovery);
    } else if (effort != Effort.SMOKE) { // it has no time to see that
      answer.missing("recovery from overload", "latency was not as before within the run.");
    }
    picture(schedule, took, end + calm);
    explain(normal, result.lagMillis());
  }

  /** Second by second of the overload, how much was answered in time, in percent of the peak. */
  private double[] useful(Schedule schedule, long[] took, double peak) {
    double[] useful = new double[(int) overload];
    for (int second = 0; second < useful.length; second++) {
      long[] these = schedule.window(took, calm + second, calm + second + 1);
      useful[second] =
          100 * Arrays.stream(these).filter(nanos -> nanos <= WANTED.toNanos()).count() / peak;
    }
    return useful;
  }

  private void explain(double normal, double lagMillis) {
    answer.note(
        String.format(
            Locale.ROOT,
            "Overload: requests are due at random times (Poisson), %.0f s at half of the peak, %.0f"
                + " s at twice the peak, %.0f s at half of it again. A request is taken if it is"
                + " predicted to wait %d ms at most, and answered in time if that is within %d ms"
                + " of when it was due. The peak is what is answered when 64 are always under way,"
                + " before and after. All is as before after the first quarter of a second whose"
                + " 99th percentile is not above %.1f ms, the worst one before the overload. 99 of"
                + " 100 requests were sent at most %.2f ms late.",
            calm,
            overload,
            calm,
            QUEUE.toMillis(),
            WANTED.toMillis(),
            normal,
            lagMillis));
  }

  private static double worstP99(Schedule schedule, long[] took, double from, double to) {
    double worst = 0;
    for (double time = from; time + WINDOW <= to; time += WINDOW) {
      worst = Math.max(worst, Schedule.p99Millis(schedule.window(took, time, time + WINDOW)));
    }
    return worst;
  }

  private double recovery(Schedule schedule, long[] took, double end, double normal) {
    for (double time = end; time + WINDOW <= end + calm; time += WINDOW) {
      if (Schedule.p99Millis(schedule.window(took, time, time + WINDOW)) <= normal) {
        return time + WINDOW - end;
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  private void picture(Schedule schedule, long[] took, double end) {
    List<Curves.Point> middle = new ArrayList<>();
    for (double time = 0; time + WINDOW <= end; time += WINDOW) {
      long[] answered =
          Arrays.stream(schedule.window(took, time, time + WINDOW))
              .filter(nanos -> nanos != OpenLoop.FAILED)
              .toArray();
      if (answered.length > 0) {
        middle.add(new Curves.Point(time + WINDOW, Schedule.p99Millis(answered)));
      }
    }
    answer.add(
        new Curves(
            "Waiting before, during and after twice the load",
            "time (s)",
            "99th percentile of the time to an answer (ms)",
            List.of(new Curves.Curve("Hone: Batcher", Side.OURS, middle))));
  }
}
