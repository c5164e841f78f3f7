package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.benchmarks.batching.Prepared.Part;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Rival;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;

/**
 * The best that batches can do: all requests are known, those of like length lie together in
 * batches of {@code b} rows that were joined before the time begins, and nobody waits for an
 * answer. For rows of one length its rate is b / T(b); the best over b is what a batcher that costs
 * nothing would reach.
 */
public final class Oracle implements Rival {
  private static final int FINALISTS = 2;
  private static final int MORE_TRIES = 2;
  private static final int RATE_TRIES = 9;
  private static final int BATCH_TRIES = 3;

  /** From a plan that takes so many times as long as the best before, more rows are worse still. */
  private static final double WORSE = 1.3;

  /**
   * How it works.
   *
   * @param rows in a batch
   * @param atOnce batches that run at once; if more than one, each on one thread
   */
  public record Plan(int rows, int atOnce) {}

  private record Tried(Plan plan, long nanos) {}

  private final Workload workload;
  private final List<float[]> answers;
  private final Prepared prepared;
  private final OracleLanes lanes;

  /**
   * Joins the requests of a workload and opens its model.
   *
   * @param answers what the first output should be for each request
   */
  Oracle(Workload workload, Plan plan, List<float[]> answers) {
    this.workload = workload;
    this.answers = answers;
    prepared = new Prepared(workload, plan.rows);
    lanes = new OracleLanes(workload, plan.atOnce);
  }

  /** One that is only timed. */
  private Oracle(Workload workload, Plan plan) {
    this(workload, plan, List.of());
  }

  /**
   * The plan that is fastest here: each is tried once, and the best of them some more. What it
   * reaches is to be measured afterwards, anew: the time that made it the best is a lucky one.
   *
   * @param requests how many may be in its batches at once
   */
  static Plan best(Workload workload, int requests) throws Exception {
    int most = Math.min(requests, workload.requests().size());
    List<Tried> all = new ArrayList<>();
    for (int atOnce : new int[] {1, Runtime.getRuntime().availableProcessors()}) {
      try (OracleLanes lanes = new OracleLanes(workload, atOnce)) {
        tryEach(workload, lanes, new Plan(most / atOnce, atOnce), all);
      }
    }
    all.sort(Comparator.comparingLong(Tried::nanos));
    List<Tried> finalists = new ArrayList<>();
    for (Tried first : all.subList(0, Math.min(FINALISTS, all.size()))) {
      long least = first.nanos;
      try (Oracle oracle = new Oracle(workload, first.plan)) {
        for (long nanos : oracle.tries(MORE_TRIES)) {
          least = Math.min(least, nanos);
        }
      }
      finalists.add(new Tried(first.plan, least));
    }
    finalists.sort(Comparator.comparingLong(Tried::nanos));
    return finalists.get(0).plan;
  }

  /** Tries batches of more and more rows until they are too many, or as many as there may be. */
  private static void tryEach(Workload workload, OracleLanes lanes, Plan most, List<Tried> all)
      throws InterruptedException, ExecutionException {
    long least = Long.MAX_VALUE;
    for (int rows = 1; rows <= most.rows; rows *= 2) {
      try (Prepared prepared = new Prepared(workload, rows)) {
        lanes.warmUp(prepared);
        long nanos = time(lanes, prepared);
        all.add(new Tried(new Plan(rows, most.atOnce), nanos));
        if (nanos / WORSE > least) {
          return;
        }
        least = Math.min(least, nanos);
      }
    }
  }

  private static long time(OracleLanes lanes, Prepared prepared)
      throws InterruptedException, ExecutionException {
    long start = System.nanoTime();
    lanes.run(prepared);
    return System.nanoTime() - start;
  }

  private long[] tries(int count) throws InterruptedException, ExecutionException {
    lanes.warmUp(prepared);
    long[] nanos = new long[count];
    for (int i = 0; i < count; i++) {
      nanos[i] = time(lanes, prepared);
    }
    return nanos;
  }

  /** Requests in a second by the plan that is fastest here, try by try. */
  public static double[] bestPerSecond(Workload workload) throws Exception {
    int requests = workload.requests().size();
    Plan best = best(workload, requests);
    try (Oracle oracle = new Oracle(workload, best)) {
      long[] nanos = oracle.tries(RATE_TRIES);
      return Arrays.stream(nanos).mapToDouble(time -> requests * 1e9 / time).toArray();
    }
  }

  /** How many milliseconds a batch of a plan takes while as many as it says run at once. */
  public static double batchMillis(Workload workload, Plan plan) throws Exception {
    try (Oracle oracle = new Oracle(workload, plan)) {
      double[] nanos = Arrays.stream(oracle.tries(BATCH_TRIES)).asDoubleStream().toArray();
      int batches = oracle.prepared.parts().size();
      return Estimate.of(nanos).value() * plan.atOnce / batches / 1e6;
    }
  }

  @Override
  public void once() throws InterruptedException, ExecutionException {
    lanes.run(prepared);
  }

  @Override
  public void check() {
    for (Part part : prepared.parts()) {
      try (Batch output = lanes.session().run(part.input())) {
        float[] values = output.tensor(0).toFloatArray();
        int row = values.length / part.requests().size();
        for (int i = 0; i < part.requests().size(); i++) {
          int request = part.requests().get(i);
          workload.check(request, answers.get(request), values, i * row);
        }
      }
    }
  }

  @Override
  public void close() {
    lanes.close();
    prepared.close();
  }
}
