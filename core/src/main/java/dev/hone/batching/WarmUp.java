package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import java.util.List;

/**
 * Measures, when a batcher opens, what the model costs on this machine: the time of a few batch
 * sizes, as far as the budget reaches, cheap ones first; and with how many batches at once it
 * serves most rows.
 */
final class WarmUp {
  private static final int[] ROW_NODES = {0, 2, 4, 6, 8}; // 1, 4, 16, 64 and 256 rows
  private static final int[] LENGTH_NODES = {0, 2, 4}; // 8, 32 and 128 tokens
  private static final int TELLING_ROW_NODE = 4; // without 16 rows nobody knows whether it pays
  private static final int MOST_RUNS = 30;
  private static final int ROUNDS = 3;
  private static final int WINDOWS = 24; // so many take as long as the warm-up
  private static final double DOUBT = 1.1; // how much better must be what is not expected

  /** Rows of a batch of usual size. */
  static final int USUAL_ROWS = 16;

  private static final long ENOUGH_NANOS = 4_000_000;

  private final Session session;
  private final Layout layout;
  private final Samples samples;
  private final BatchPolicy policy;
  private final Limits limits;
  private final CostGrid grid;
  private final long deadline;
  private boolean refusesRows; // so many at once as were to be measured

  WarmUp(Session session, Layout layout, Samples samples, BatchPolicy policy) {
    this.session = session;
    this.layout = layout;
    this.samples = samples;
    this.policy = policy;
    this.limits = new Limits(policy, policy.maxRows > 0 ? policy.maxRows : 1 << 8);
    this.grid = new CostGrid(layout.hasLength());
    this.deadline = System.nanoTime() + policy.warmUpNanos;
  }

  /** Measures as much as there is time for, and at least what tells whether sharing pays. */
  CostGrid measure() {
    compile();
    for (int rowNode : ROW_NODES) {
      for (int lengthNode : layout.hasLength() ? LENGTH_NODES : new int[] {0}) {
        measureIfAffordable(lengthNode, rowNode);
      }
    }
    measure(0, 0); // again, now that all code is compiled
    return grid;
  }

  /** Chooses how large batches may be, and how many run at once. */
  Plan plan(CostGrid grid) {
    int measuredRows = 1;
    double bestRowNanos = grid.get(0, 0);
    for (int rowNode : ROW_NODES) {
      if (grid.get(0, rowNode) > 0) {
        measuredRows = 1 << rowNode;
        bestRowNanos = Math.min(bestRowNanos, grid.get(0, rowNode) / measuredRows);
      }
    }
    int most = policy.maxRows > 0 ? policy.maxRows : measuredRows;
    int least = refusesRows ? Math.min(USUAL_ROWS, measuredRows) : USUAL_ROWS;
    int maxRows =
        policy.maxRows > 0
            ? policy.maxRows
            : Math.max(least, grid.model(most).bestRows(most, CostModel.SHORTEST));
    int lanes = policy.lanes > 0 ? policy.lanes : bestLanes(Math.min(maxRows, USUAL_ROWS));
    return new Plan(grid, maxRows, lanes, grid.get(0, 0) - bestRowNanos);
  }

  /**
   * The same plan, with what calls gain by sharing when many come at once: that two can run at the
   * same time counts for those that do not share, too.
   */
  Plan compare(Plan plan) {
    long nanos = policy.warmUpNanos / WINDOWS;
    if (plan.grid().get(0, TELLING_ROW_NODE) > ROUNDS * nanos) {
      return plan; // would take too long
    }
    try {
      return compare(plan, nanos);
    } catch (RuntimeException | OutOfMemoryError e) {
      return plan; // some sizes are too large for this model
    }
  }

  private Plan compare(Plan plan, long nanos) {
    Saturation saturation = new Saturation(session, samples);
    int atOnce = Threads.runsAtOnce(session);
    int rows = Math.min(plan.maxRows(), USUAL_ROWS);
    double shared = 1;
    double alone = 1;
    for (int round = 0; round < ROUNDS; round++) { // in turns: the machine may be busy otherwise
      shared =
          Math.max(shared, saturation.rowsPerSecond(plan.lanes(), rows, Saturation.SHORT, nanos));
      alone = Math.max(alone, saturation.rowsPerSecond(atOnce, 1, Saturation.SHORT, nanos));
    }
    return plan.measured(1e9 / shared, 1e9 / alone);
  }

  /** Runs single rows for a moment, so that what is measured is not the compiler. */
  private void compile() {
    long until = System.nanoTime() + policy.warmUpNanos / 20;
    for (int i = 0; i < 2000 && (i < 2 || System.nanoTime() - until < 0); i++) {
      try (Batch in = samples.rows(i, 1, CostModel.SHORTEST, false)) {
        session.run(in).close();
      }
    }
  }

  private void measureIfAffordable(int lengthNode, int rowNode) {
    int rows = 1 << rowNode;
    int length = CostModel.SHORTEST << lengthNode;
    double expected = grid.expect(lengthNode, rowNode);
    long left = deadline - System.nanoTime();
    boolean first = rowNode == 0 && lengthNode == 0;
    boolean telling = rowNode <= TELLING_ROW_NODE && lengthNode == 0;
    boolean soon = 6 * expected < left || (telling && expected < policy.warmUpNanos);
    try (Batch sample = samples.rows(0, 1, length, false)) {
      Kind kind = layout.kindOf(sample, List.of());
      boolean allowed = kind != null && rows <= limits.maxRows(kind, length);
      if (first || (allowed && soon)) {
        measure(lengthNode, rowNode);
      }
    } catch (RuntimeException | OutOfMemoryError e) {
      if (first) {
        throw e;
      }
      // Too long or too large for this model: what was not measured is guessed.
      refusesRows |= lengthNode == 0;
    }
  }

  private void measure(int lengthNode, int rowNode) {
    int rows = 1 << rowNode;
    try (Batch in = samples.rows(0, rows, CostModel.SHORTEST << lengthNode, false)) {
      session.run(in).close();
      double least = Double.POSITIVE_INFINITY;
      long begin = System.nanoTime();
      for (int i = 0; i < MOST_RUNS; i++) {
        long start = System.nanoTime();
        session.run(in).close();
        least = Math.min(least, (double) (System.nanoTime() - start));
        if (i > 0 && System.nanoTime() - begin > ENOUGH_NANOS) {
          break;
        }
      }
      double known = grid.get(lengthNode, rowNode);
      grid.put(lengthNode, rowNode, known > 0 ? Math.min(known, least) : least);
    }
  }

  /** How many runs at once keep the device busy. */
  static int usualLanes(Session session) {
    if (session.device().kind() == Device.Kind.CUDA) {
      // All that its lanes take; of two, one computes while the other's rows are copied.
      return Math.min(Math.max(2, session.report().runsAtOnce()), Lanes.MOST);
    }
    return Math.min(Threads.runsAtOnce(session), Lanes.MOST);
  }

  /**
   * How many batches run at once: as many as keep the device busy, unless another number measurably
   * serves more rows.
   */
  private int bestLanes(int rows) {
    try {
      return measuredLanes(rows);
    } catch (RuntimeException | OutOfMemoryError e) { // too many rows for this model
      return usualLanes(session);
    }
  }

  private int measuredLanes(int rows) {
    int best = usualLanes(session);
    int processors = Math.min(Runtime.getRuntime().availableProcessors(), Lanes.MOST);
    if (processors == 1 || session.device().kind() == Device.Kind.CUDA) {
      return best;
    }
    Saturation saturation = new Saturation(session, samples);
    long nanos = policy.warmUpNanos / 12;
    double most = DOUBT * saturation.rowsPerSecond(best, rows, Saturation.SHORT, nanos);
    for (int lanes = 1; lanes <= processors; lanes *= 2) {
      double served =
          lanes == best ? 0 : saturation.rowsPerSecond(lanes, rows, Saturation.SHORT, nanos);
      if (served > most) {
        best = lanes;
        most = served;
      }
    }
    return best;
  }
}
