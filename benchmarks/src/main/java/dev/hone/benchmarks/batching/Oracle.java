package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/**
 * The best that batches can do: all requests are known, those of like length lie together in
 * batches of {@code b} rows that were joined before the time begins, and nobody waits for an
 * answer. For rows of one length its rate is b / T(b); the best over b is what a batcher that costs
 * nothing would reach.
 */
public final class Oracle implements Rival {
  private static final List<Integer> ROWS = List.of(1, 8, 32, 64);
  private static final int TRIES = 2;

  /** A plan that takes so many times as long is not tried again, and none with more rows is. */
  private static final double WORSE = 1.3;

  /**
   * How it works.
   *
   * @param rows in a batch
   * @param atOnce batches that run at once; if more than one, each on one thread
   */
  public record Plan(int rows, int atOnce) {}

  private record Part(Batch input, List<Integer> requests) {}

  private final Workload workload;
  private final Plan plan;
  private final Session session;
  private final List<Part> parts = new ArrayList<>();
  private final ExecutorService threads;

  /** Joins the requests of a workload and opens its model. */
  public Oracle(Workload workload, Plan plan) {
    this.workload = workload;
    this.plan = plan;
    List<Integer> order =
        IntStream.range(0, workload.requests().size())
            .boxed()
            .sorted(
                Comparator.comparingLong(
                    i -> workload.requests().get(i).tensor(0).shape().elementCount()))
            .toList();
    for (int from = 0; from < order.size(); from += plan.rows) {
      List<Integer> requests = order.subList(from, Math.min(order.size(), from + plan.rows));
      parts.add(new Part(FifoBatcher.joined(batches(requests)), requests));
    }
    session = workload.open(plan.atOnce == 1 ? 0 : 1);
    threads = Executors.newFixedThreadPool(plan.atOnce);
  }

  private List<Batch> batches(List<Integer> requests) {
    return requests.stream().map(i -> workload.requests().get(i)).toList();
  }

  /** The plan that is fastest here, of a few. */
  public static Plan best(Workload workload) throws Exception {
    Plan best = new Plan(1, 1);
    long least = Long.MAX_VALUE;
    for (int atOnce : new int[] {1, Runtime.getRuntime().availableProcessors()}) {
      long leastSoFar = Long.MAX_VALUE;
      for (int rows : ROWS) {
        Plan plan = new Plan(rows, atOnce);
        long nanos = leastNanos(workload, plan, least);
        if (nanos < least) {
          least = nanos;
          best = plan;
        }
        if (nanos / WORSE > leastSoFar) {
          break; // from where it gets worse, more rows make it worse still
        }
        leastSoFar = Math.min(leastSoFar, nanos);
      }
    }
    return best;
  }

  /** Requests in a second by the plan that is fastest here. */
  public static double bestPerSecond(Workload workload) throws Exception {
    return workload.requests().size() * 1e9 / leastNanos(workload, best(workload), Long.MAX_VALUE);
  }

  /** What the better of two tries takes; a plan that is far from the best so far has but one. */
  private static long leastNanos(Workload workload, Plan plan, long best) throws Exception {
    long least = Long.MAX_VALUE;
    try (Oracle oracle = new Oracle(workload, plan)) {
      oracle.warmUp();
      for (int i = 0; i < TRIES && (i == 0 || least / WORSE < best); i++) {
        long start = System.nanoTime();
        oracle.once();
        least = Math.min(least, System.nanoTime() - start);
      }
    }
    return least;
  }

  /** Runs both sizes of batches that there are, on each thread: the first run of a size is slow. */
  private void warmUp() throws InterruptedException, ExecutionException {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < plan.atOnce; i++) {
      running.add(
          threads.submit(
              () -> {
                session.run(parts.get(0).input).close();
                session.run(parts.get(parts.size() - 1).input).close();
              }));
    }
    for (Future<?> future : running) {
      future.get();
    }
  }

  @Override
  public void once() throws InterruptedException, ExecutionException {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < plan.atOnce; i++) {
      running.add(threads.submit(() -> work(next)));
    }
    for (Future<?> future : running) {
      future.get();
    }
  }

  private void work(AtomicInteger next) {
    for (int i = next.getAndIncrement(); i < parts.size(); i = next.getAndIncrement()) {
      session.run(parts.get(i).input).close();
    }
  }

  @Override
  public void check() {
    List<float[]> answers = workload.answers();
    for (Part part : parts) {
      try (Batch output = session.run(part.input)) {
        float[] values = output.tensor(0).toFloatArray();
        int row = values.length / part.requests.size();
        for (int i = 0; i < part.requests.size(); i++) {
          int request = part.requests.get(i);
          workload.check(request, answers.get(request), values, i * row);
        }
      }
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    session.close();
    parts.forEach(part -> part.input.close());
  }
}
