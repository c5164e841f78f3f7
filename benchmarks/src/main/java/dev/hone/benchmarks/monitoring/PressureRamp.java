package dev.hone.benchmarks.monitoring;

import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.load.Arrivals;
import dev.hone.benchmarks.load.OpenLoop;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Curves;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Load that rises evenly until the 99th percentile of the time to the answer breaks its target, and
 * how long before that {@code pressure} said so.
 */
final class PressureRamp {
  private static final String PRESSURE = "pressure passes 0.8, to stay above";
  private static final String BREAK = "99th percentile breaks its target, for 5 s at least";
  private static final Duration TARGET = Duration.ofMillis(50);
  private static final double FULL = 0.8;
  private static final double FROM = 0.4;
  private static final double TO = 1.3;
  private static final double WINDOW_SECONDS = 2;
  private static final double POINT_SECONDS = 0.5;
  private static final int POINTS_TO_STAY = 10;

  private PressureRamp() {}

  static void measure(Effort effort, Answer answer) throws IOException, InterruptedException {
    double seconds = effort.pick(3, 90, 90);
    BatchPolicy policy = BatchPolicy.builder().maxQueueDelay(TARGET).build();
    try (SmallMiniLm small = new SmallMiniLm();
        Session session = Batcher.open(small.model(), SessionOptions.DEFAULT, policy)) {
      double capacity = Traffic.capacity(session, small.requests(), 1_024);
      TimeUnit.SECONDS.sleep(effort.pick(0, 11, 11)); // what it looks back on
      long[] due = Arrivals.ramp(FROM * capacity, TO * capacity, seconds, 1);
      List<Curves.Point> pressure = new ArrayList<>();
      ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor();
      long start = System.nanoTime();
      var unused =
          clock.scheduleAtFixedRate(
              () -> {
                double now = (System.nanoTime() - start) / 1e9;
                pressure.add(new Curves.Point(now, session.stats().now().pressure()));
              },
              1,
              1,
              TimeUnit.SECONDS);
      OpenLoop.Result sent =
          Traffic.send(session, small.requests(), due, (double) TARGET.toMillis());
      clock.shutdownNow();
      clock.awaitTermination(1, TimeUnit.SECONDS);
      tell(pressure, p99(due, sent.tookNanos(), seconds), seconds, sent.lagMillis(), answer);
    }
  }

  /** The 99th percentile over the last two seconds, half-second by half-second. */
  private static List<Curves.Point> p99(long[] due, long[] took, double seconds) {
    List<Curves.Point> points = new ArrayList<>();
    for (double end = WINDOW_SECONDS; end <= seconds; end += POINT_SECONDS) {
      int from = index(due, end - WINDOW_SECONDS);
      int to = index(due, end);
      if (to > from) {
        points.add(new Curves.Point(end, Traffic.p99Millis(Arrays.copyOfRange(took, from, to))));
      }
    }
    return points;
  }

  private static int index(long[] due, double seconds) {
    int found = Arrays.binarySearch(due, (long) (seconds * 1e9));
    return found >= 0 ? found : -found - 1;
  }

  private static void tell(
      List<Curves.Point> pressure,
      List<Curves.Point> p99,
      double seconds,
      double lagMillis,
      Answer answer) {
    double broke = breaks(p99);
    double passed = passesBefore(pressure, broke);
    if (Double.isInfinite(broke)) {
      answer.missing("pressure while load rises", "the load never broke the target.");
      return;
    }
    Table table =
        answer.add(
            new Table(
                "Load that rises to more than can be served (MiniLM INT8, batched)",
                Column.lower("after", "s")));
    table.row(PRESSURE, Side.OURS).set("after", passed);
    table.row(BREAK, Side.THEIRS).set("after", broke);
    answer.figure("monitoring.pressure.lead", broke - passed);
    picture(pressure, p99, answer);
    answer.note(
        String.format(
            Locale.ROOT,
            "The load rises from %.0f %% to %.0f %% of the capacity within %.0f s. Pressure passed"
                + " 0.8 at %.0f %% of the capacity, the target was broken at %.0f %%. The target is"
                + " %d ms for 99 of 100 requests of the last 2 s, and a request that is refused"
                + " has missed it; it is broken when that holds for 5 s, since a machine that others"
                + " share stands still at times. Pressure is read once a second. 99 of 100"
                + " requests were sent at most %.2f ms late.",
            100 * FROM,
            100 * TO,
            seconds,
            loadPercent(passed, seconds),
            loadPercent(broke, seconds),
            TARGET.toMillis(),
            lagMillis));
  }

  private static double loadPercent(double after, double seconds) {
    return 100 * (FROM + (TO - FROM) * after / seconds);
  }

  /**
   * When the percentile is first above the target and stays there for five seconds more: each point
   * looks back on two, so what disturbs the machine for less than three is not taken for load.
   */
  private static double breaks(List<Curves.Point> p99) {
    for (int i = 0; i + POINTS_TO_STAY < p99.size(); i++) {
      if (p99.subList(i, i + POINTS_TO_STAY + 1).stream().allMatch(PressureRamp::isBroken)) {
        return p99.get(i).x();
      }
    }
    return Double.POSITIVE_INFINITY;
  }

  private static boolean isBroken(Curves.Point p99) {
    return p99.y() > (double) TARGET.toMillis();
  }

  /** From when on pressure is above 0.8 until this time; this time itself, if it is not then. */
  private static double passesBefore(List<Curves.Point> pressure, double end) {
    double passed = end;
    for (int i = pressure.size() - 1; i >= 0; i--) {
      Curves.Point point = pressure.get(i);
      if (point.x() <= end && point.y() <= FULL) {
        break;
      }
      passed = Math.min(passed, point.x());
    }
    return passed;
  }

  private static void picture(List<Curves.Point> pressure, List<Curves.Point> p99, Answer answer) {
    List<Curves.Point> shares =
        p99.stream()
            .map(p -> new Curves.Point(p.x(), Math.min(2, p.y() / (double) TARGET.toMillis())))
            .toList();
    answer.add(
        new Curves(
            "Pressure tells before waiting does",
            "time since the load began to rise (s)",
            "pressure; 99th percentile over its target, cut at 2",
            List.of(
                new Curves.Curve("pressure", Side.OURS, pressure),
                new Curves.Curve("99th percentile over its target", Side.THEIRS, shares))));
  }
}
