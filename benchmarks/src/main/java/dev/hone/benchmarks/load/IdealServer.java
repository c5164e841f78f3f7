package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Oracle;
import dev.hone.benchmarks.batching.Workload;
import java.util.Arrays;

/**
 * A batcher that costs nothing, simulated: whenever a lane is free it takes what waits, the oldest
 * first, up to so many rows, and the batch takes as long as such a one was measured to take. What
 * it cannot reach within a limit, no batcher can that knows as little of what comes.
 */
final class IdealServer {
  private static final int[] MEASURED_ROWS = {1, 2, 4, 8};
  private static final int REQUESTS = 10_000;
  private static final int HALVINGS = 12;
  private static final long SEED = 7;

  private final int lanes;
  private final double[] millis;

  /**
   * Of so many lanes.
   *
   * @param millis what a batch takes while all lanes are busy: of one row, of two and so on
   */
  IdealServer(int lanes, double... millis) {
    this.lanes = lanes;
    this.millis = millis.clone();
  }

  /** The highest rate within a limit: all processors for one batch at a time, or one for each. */
  static double highestPerSecond(Workload workload, double limitMillis) throws Exception {
    double highest = 0;
    for (int lanes : new int[] {1, Runtime.getRuntime().availableProcessors()}) {
      IdealServer server = new IdealServer(lanes, measured(workload, lanes));
      highest = Math.max(highest, server.highestPerSecond(limitMillis));
    }
    return highest;
  }

  /** What batches take, by rows; between those that are measured, on a straight line. */
  private static double[] measured(Workload workload, int lanes) throws Exception {
    double[] millis = new double[MEASURED_ROWS[MEASURED_ROWS.length - 1]];
    int before = 0;
    for (int rows : MEASURED_ROWS) {
      millis[rows - 1] = Oracle.batchMillis(workload, new Oracle.Plan(rows, lanes));
      for (int between = before + 1; before > 0 && between < rows; between++) {
        double share = (between - before) / (double) (rows - before);
        millis[between - 1] = millis[before - 1] * (1 - share) + millis[rows - 1] * share;
      }
      before = rows;
    }
    return millis;
  }

  /** The highest rate at which the 99th percentile is within a limit, by the best bound of rows. */
  double highestPerSecond(double limitMillis) {
    double highest = 0;
    for (int rows = 1; rows <= millis.length; rows++) {
      double low = highest; // what is not better than that need not be known
      double high = lanes * millis.length * 1e3 / millis[0];
      if (p99Millis(low, rows) > limitMillis) {
        continue;
      }
      for (int i = 0; i < HALVINGS; i++) {
        double middle = (low + high) / 2;
        if (p99Millis(middle, rows) <= limitMillis) {
          low = middle;
        } else {
          high = middle;
        }
      }
      highest = low;
    }
    return highest;
  }

  /** Within which time 99 of 100 requests are answered that come at this rate (Poisson). */
  double p99Millis(double perSecond, int mostRows) {
    if (perSecond == 0) {
      return millis[0];
    }
    long[] due = Arrivals.poisson(perSecond, REQUESTS / perSecond, SEED);
    long[] took = new long[due.length];
    long[] free = new long[lanes];
    for (int from = 0; from < due.length; ) {
      int lane = earliest(free);
      long begin = Math.max(free[lane], due[from]);
      int to = from + 1;
      while (to < due.length && to - from < mostRows && due[to] <= begin) {
        to++;
      }
      long end = begin + (long) (millis[to - from - 1] * 1e6);
      for (int i = from; i < to; i++) {
        took[i] = end - due[i];
      }
      free[lane] = end;
      from = to;
    }
    return Schedule.p99Millis(took);
  }

  private static int earliest(long[] free) {
    long least = Arrays.stream(free).min().orElseThrow();
    int lane = 0;
    while (free[lane] != least) {
      lane++;
    }
    return lane;
  }
}
