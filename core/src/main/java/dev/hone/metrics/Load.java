package dev.hone.metrics;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;

/*
 * Utilization is the busy time of all runs over (slots x elapsed time).
 *
 * That is not yet the load of a session that batches: under load its slots are always busy, first
 * with small batches, then with large ones, and a large batch is cheaper for each row. The load is
 * what comes in over what could go out, so the time that one row takes in a full batch matters:
 *
 *     load = utilization x (T(m) / m) / (t/b)      m: most rows of a batch, t: mean time, b: mean rows
 *
 * T(m) comes from the batches seen: the least-squares line through (rows, time) of the window,
 *
 *     T(m) = t + a (m - b),   a = (S_bt - n b t) / (S_bb - n b b)
 *
 * with the slope kept between 0 (rows are free) and t/b (rows cost in proportion, batching saves
 * nothing). Where all batches have nearly one size there is no slope to see; it counts as t/b, and
 * the load is the utilization, which errs on the side of scaling out.
 *
 * That is a mean over the window, so it tells how things were half a window ago; and who scales
 * out needs some time for it. So what counts is the load that is to be expected AHEAD = 10 s from
 * now, if it goes on as in the last 30 s:
 *
 *     expected = load + rise (w / 2 + AHEAD)                    w: length of the window
 *
 * Then 0.8 is passed AHEAD before the load itself gets there, if the rise is as long as that. Rise is
 * the slope of a line through the readings less its standard error (see Trend), and never below 0:
 * a random up and down counts for nothing, nor does a step, and what falls is not counted on. A
 * guess is no measurement: expected is at most twice the load, and at most 1.
 *
 * Waiting is pressure too, whatever the slots do: the longer of the mean wait and the oldest wait,
 * over the wait that counts as full load. The oldest wait counts as far as it was found twice in a
 * row, since any process stands still for some milliseconds now and then. And once calls were
 * refused for want of room in the window, the pressure is at least 1. Memory is left out: most of
 * it does not fall when another instance takes half of the calls, so an autoscaler that looked at
 * it would never come to rest.
 *
 * The window reaches from the youngest reading that is at least 10 s old to now; readings are taken
 * when somebody asks, at least 1 s apart. Who asks every 15 s gets means over 15 s, and a rise as
 * seen in the last six of them.
 */

/** How busy a session is lately. */
final class Load {
  private static final long WINDOW_NANOS = 10_000_000_000L;
  private static final long TREND_NANOS = 30_000_000_000L;
  private static final long AHEAD_NANOS = 10_000_000_000L;
  private static final long APART_NANOS = 1_000_000_000L;
  private static final int FEWEST_SPANS = 6; // to see a trend in
  private static final int FEWEST_BATCHES = 8;
  private static final double LEAST_VARIATION = 0.1; // standard deviation of rows over their mean

  private final Capacity capacity;
  private final Deque<Reading> readings = new ArrayDeque<>();

  Load(Capacity capacity, long nowNanos) {
    this.capacity = capacity;
    readings.add(Reading.of(nowNanos, 0, new long[Cells.COUNT]));
  }

  /** The counts that matter, at one time. */
  private record Reading(
      long nanos,
      long oldestWaitNanos,
      long batches,
      long rows,
      long rowsSquared,
      long busyNanos,
      long rowNanos,
      long waits,
      long waitNanos,
      long refused) {
    static Reading of(long nanos, long oldestWaitNanos, long[] cells) {
      return new Reading(
          nanos,
          oldestWaitNanos,
          Cells.distribution(cells, Cells.BATCH_ROWS).count(),
          Cells.sum(cells, Cells.BATCH_ROWS),
          cells[Cells.ROWS_SQUARED],
          cells[Cells.BUSY_NANOS],
          cells[Cells.ROW_NANOS],
          Cells.distribution(cells, Cells.position(Stage.QUEUE)).count(),
          Cells.sum(cells, Cells.position(Stage.QUEUE)),
          cells[Cells.REJECTED + Cells.position(Rejection.QUEUE_FULL)]
              + cells[Cells.REJECTED + Cells.position(Rejection.SHED)]);
    }

    /** What happened since; of the oldest waits, the shorter. */
    Reading minus(Reading earlier) {
      return new Reading(
          nanos - earlier.nanos,
          Math.min(oldestWaitNanos, earlier.oldestWaitNanos),
          batches - earlier.batches,
          rows - earlier.rows,
          rowsSquared - earlier.rowsSquared,
          busyNanos - earlier.busyNanos,
          rowNanos - earlier.rowNanos,
          waits - earlier.waits,
          waitNanos - earlier.waitNanos,
          refused - earlier.refused);
    }
  }

  /** What a session is like now, given all counts so far. */
  synchronized SessionStats.Moment observe(long nowNanos, long[] cells, Gauges gauges) {
    Reading now = Reading.of(nowNanos, gauges.oldestWaitNanos(), cells);
    Reading window = now.minus(windowStart(nowNanos));
    long stuckNanos = now.minus(before(nowNanos)).oldestWaitNanos;
    if (nowNanos - readings.getLast().nanos >= APART_NANOS) {
      readings.addLast(now);
      while (readings.size() > FEWEST_SPANS + 1 && nowNanos - second().nanos >= TREND_NANOS) {
        readings.removeFirst();
      }
    }
    return new SessionStats.Moment(
        gauges.queuedRows(),
        now.oldestWaitNanos,
        gauges.nativeBytes(),
        gauges.peakNativeBytes(),
        utilization(window),
        pressure(window, stuckNanos));
  }

  private Reading second() {
    return readings.stream().skip(1).findFirst().orElseThrow();
  }

  /** The youngest reading that is as old as the window is long, or the oldest there is. */
  private Reading windowStart(long nowNanos) {
    return youngest(nowNanos, WINDOW_NANOS);
  }

  /** The youngest reading that is far enough from now. */
  private Reading before(long nowNanos) {
    return youngest(nowNanos, APART_NANOS);
  }

  private Reading youngest(long nowNanos, long ageNanos) {
    Iterator<Reading> backwards = readings.descendingIterator();
    Reading found = backwards.next();
    while (backwards.hasNext() && nowNanos - found.nanos < ageNanos) {
      found = backwards.next();
    }
    return found;
  }

  private double utilization(Reading window) {
    return window.nanos <= 0 ? 0 : (double) window.busyNanos / capacity.slots() / window.nanos;
  }

  private double pressure(Reading window, long stuckNanos) {
    double utilization = utilization(window);
    double saving = savingOfFullBatches(window);
    double load = utilization * saving;
    double ahead = (window.nanos / 2.0 + AHEAD_NANOS) / 1e9;
    double expected = Math.min(load + rise() * saving * ahead, Math.min(2 * load, 1));
    double wait = 0;
    if (capacity.maxWaitNanos() > 0) {
      double mean = window.waits == 0 ? 0 : (double) window.waitNanos / window.waits;
      wait = Math.max(mean, (double) stuckNanos) / capacity.maxWaitNanos();
    }
    return Math.max(Math.max(load, expected), Math.max(wait, window.refused > 0 ? 1 : 0));
  }

  /** By how much utilization rises in a second, beyond doubt. */
  private double rise() {
    if (readings.size() <= FEWEST_SPANS) {
      return 0;
    }
    Trend trend = new Trend();
    long origin = readings.getFirst().nanos;
    Iterator<Reading> inOrder = readings.iterator();
    Reading earlier = inOrder.next();
    while (inOrder.hasNext()) {
      Reading later = inOrder.next();
      Reading span = later.minus(earlier);
      double middle = (earlier.nanos - origin + span.nanos / 2.0) / 1e9;
      trend.add(span.nanos / 1e9, middle, utilization(span));
      earlier = later;
    }
    return trend.rise();
  }

  /** The time for a row in a full batch over the time for a row now; at most 1. */
  private double savingOfFullBatches(Reading window) {
    double n = window.batches;
    double b = window.rows / n;
    double t = window.busyNanos / n;
    double m = capacity.maxRows();
    double spread = window.rowsSquared - n * b * b;
    if (n < FEWEST_BATCHES
        || m <= b
        || t <= 0
        || spread < n * (LEAST_VARIATION * b) * (LEAST_VARIATION * b)) {
      return 1;
    }
    double slope = (window.rowNanos - n * b * t) / spread;
    double kept = Math.min(Math.max(slope, 0), t / b);
    return (t + kept * (m - b)) / m / (t / b);
  }
}
