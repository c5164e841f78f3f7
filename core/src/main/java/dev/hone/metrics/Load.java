package dev.hone.metrics;

import java.util.ArrayDeque;
import java.util.Deque;

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
 * Waiting is pressure too, whatever the slots do: the longer of the mean wait and the oldest wait,
 * over the wait that counts as full load. And once calls were refused for want of room in the
 * window, the pressure is at least 1. Memory is left out: most of it does not fall when another
 * instance takes half of the calls, so an autoscaler that looked at it would never come to rest.
 *
 * The window reaches from the youngest reading that is at least 10 s old to now; readings are taken
 * when somebody asks, at least 1 s apart. Who asks every 15 s gets means over 15 s.
 */

/** How busy a session is lately. */
final class Load {
  private static final long WINDOW_NANOS = 10_000_000_000L;
  private static final long APART_NANOS = 1_000_000_000L;
  private static final int FEWEST_BATCHES = 8;
  private static final double LEAST_VARIATION = 0.1; // standard deviation of rows over their mean

  private final Capacity capacity;
  private final Deque<Reading> readings = new ArrayDeque<>();

  Load(Capacity capacity, long nowNanos) {
    this.capacity = capacity;
    readings.add(Reading.of(nowNanos, new long[Cells.COUNT]));
  }

  /** The counts that matter, at one time. */
  private record Reading(
      long nanos,
      long batches,
      long rows,
      long rowsSquared,
      long busyNanos,
      long rowNanos,
      long waits,
      long waitNanos,
      long refused) {
    static Reading of(long nanos, long[] cells) {
      return new Reading(
          nanos,
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

    Reading minus(Reading earlier) {
      return new Reading(
          nanos - earlier.nanos,
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
    Reading now = Reading.of(nowNanos, cells);
    Reading window = now.minus(readings.getFirst());
    if (nowNanos - readings.getLast().nanos >= APART_NANOS) {
      readings.addLast(now);
      while (readings.size() > 1 && nowNanos - second().nanos >= WINDOW_NANOS) {
        readings.removeFirst();
      }
    }
    long oldestWaitNanos = gauges.oldestWaitNanos();
    double utilization = utilization(window);
    return new SessionStats.Moment(
        gauges.queuedRows(),
        oldestWaitNanos,
        gauges.nativeBytes(),
        gauges.peakNativeBytes(),
        utilization,
        pressure(window, utilization, oldestWaitNanos));
  }

  private Reading second() {
    return readings.stream().skip(1).findFirst().orElseThrow();
  }

  private double utilization(Reading window) {
    return window.nanos <= 0 ? 0 : (double) window.busyNanos / capacity.slots() / window.nanos;
  }

  private double pressure(Reading window, double utilization, long oldestWaitNanos) {
    double load = utilization * savingOfFullBatches(window);
    double wait = 0;
    if (capacity.maxWaitNanos() > 0) {
      double mean = window.waits == 0 ? 0 : (double) window.waitNanos / window.waits;
      wait = Math.max(mean, (double) oldestWaitNanos) / capacity.maxWaitNanos();
    }
    return Math.max(Math.max(load, wait), window.refused > 0 ? 1 : 0);
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
