package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

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
  private static final long ENOUGH_NANOS = 4_000_000;

  private final Session session;
  private final Layout layout;
  private final Samples samples;
  private final BatchPolicy policy;
  private final Limits limits;
  private final CostGrid grid;
  private final long deadline;

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
    int maxRows =
        policy.maxRows > 0 ? policy.maxRows : grid.model(most).bestRows(most, CostModel.SHORTEST);
    int lanes = policy.lanes > 0 ? policy.lanes : bestLanes(Math.min(maxRows, 16));
    return new Plan(grid, maxRows, lanes, grid.get(0, 0) - bestRowNanos);
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
    } catch (RuntimeException e) {
      if (first) {
        throw e;
      }
      // Too long or too large for this model: what was not measured is guessed.
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
      grid.put(lengthNode, rowNode, least);
    }
  }

  /** One batch at a time, or more, up to one for each processor: what serves most rows. */
  private int bestLanes(int rows) {
    if (session.device().kind() == Device.Kind.CUDA) {
      return 2; // one computes while the other's rows are copied
    }
    int processors = Runtime.getRuntime().availableProcessors();
    long nanos = Math.max(policy.warmUpNanos / 12, (long) (4 * grid.expect(0, 4)));
    int best = 1;
    double bestRuns = processors == 1 ? 0 : runsPerNano(1, rows, nanos);
    for (int lanes = 2; lanes <= Math.min(processors, Lanes.MOST); lanes *= 2) {
      double runs = runsPerNano(lanes, rows, nanos);
      if (runs > 1.05 * bestRuns) {
        best = lanes;
        bestRuns = runs;
      }
    }
    return best;
  }

  private double runsPerNano(int threads, int rows, long nanos) {
    AtomicLong runs = new AtomicLong();
    long begin = System.nanoTime();
    List<Thread> others = new ArrayList<>();
    Failures failures = new Failures();
    for (int i = 0; i < threads; i++) {
      Thread thread =
          new Thread(() -> failures.guard(() -> runFor(rows, nanos, runs)), "hone-batcher-warm-up");
      thread.setDaemon(true);
      thread.start();
      others.add(thread);
    }
    others.forEach(WarmUp::join);
    failures.rethrow();
    return runs.get() / (double) (System.nanoTime() - begin);
  }

  private void runFor(int rows, long nanos, AtomicLong runs) {
    try (Batch in = samples.rows(0, rows, CostModel.SHORTEST, false)) {
      long begin = System.nanoTime();
      while (System.nanoTime() - begin < nanos) {
        session.run(in).close();
        runs.incrementAndGet();
      }
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Carries the first failure of the measuring threads to the one that opens. */
  private static final class Failures {
    private @Nullable RuntimeException first;

    void guard(Runnable work) {
      try {
        work.run();
      } catch (RuntimeException e) {
        synchronized (this) {
          first = first == null ? e : first;
        }
      }
    }

    synchronized void rethrow() {
      if (first != null) {
        throw first;
      }
    }
  }
}
