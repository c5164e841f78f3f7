package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.LongFunction;

/**
 * Load on one server.
 *
 * @param server the server
 * @param workload the requests, sent again and again
 * @param seconds how long each run lasts
 * @param limitMillis the time within which answers are wanted
 * @param effort how well to search
 */
record Load(
    Server.Open server, Workload workload, double seconds, double limitMillis, Effort effort) {
  private static final long SEED = 17;
  private static final int MOST_RUNS = 4;

  OpenLoop.Result poisson(double perSecond) {
    return poisson(perSecond, SEED);
  }

  private OpenLoop.Result poisson(double perSecond, long seed) {
    return run(Arrivals.poisson(perSecond, seconds, seed));
  }

  /** Decides whether a rate is within the limit; see {@link #agreed(LongFunction, double)}. */
  OpenLoop.Result agreed(double perSecond) {
    return effort == Effort.SMOKE
        ? poisson(perSecond)
        : agreed(seed -> poisson(perSecond, seed), limitMillis);
  }

  /**
   * One of the runs that decide whether a rate is within the limit: of the first two that agree,
   * the earlier one. A run has so few requests that a bad moment of the machine makes its 99th
   * percentile. A void run decides nothing; if four runs have no two that agree, it is one of the
   * void ones.
   *
   * @param run runs, with arrivals of this seed
   */
  static OpenLoop.Result agreed(LongFunction<OpenLoop.Result> run, double limitMillis) {
    List<OpenLoop.Result> valid = new ArrayList<>();
    List<OpenLoop.Result> voidOnes = new ArrayList<>();
    for (int i = 0; i < MOST_RUNS; i++) {
      OpenLoop.Result result = run.apply(SEED + i);
      if (result.isVoid()) {
        voidOnes.add(result);
        continue;
      }
      boolean within = result.meets(limitMillis);
      for (OpenLoop.Result earlier : valid) {
        if (earlier.meets(limitMillis) == within) {
          return earlier;
        }
      }
      valid.add(result);
    }
    return voidOnes.get(0); // there is one: of three that are not void, two agree
  }

  OpenLoop.Result bursts(double perSecond) {
    return run(Arrivals.bursts(perSecond, seconds, SEED));
  }

  private OpenLoop.Result run(long[] due) {
    int requests = workload.requests().size();
    return Promptness.call(
        () ->
            OpenLoop.run(
                due, i -> server.send(workload.requests().get(i % requests)), limitMillis));
  }

  /** Answers in a second when there is always something to do. */
  double capacity() {
    int requests = effort.pick(32, 512, 2048);
    double best = 0;
    for (int round = 0; round < effort.pick(1, 3, 5); round++) {
      long start = System.nanoTime();
      CompletableFuture<?>[] running = new CompletableFuture<?>[requests];
      for (int i = 0; i < requests; i++) {
        running[i] = server.send(workload.requests().get(i % workload.requests().size()));
      }
      CompletableFuture.allOf(running).join();
      best = Math.max(best, requests * 1e9 / (System.nanoTime() - start));
    }
    return best;
  }

  /** Looks between a rate within the limit and a higher one for the highest within it. */
  double refined(double within, double tooHigh) {
    double low = within;
    double high = tooHigh;
    for (int i = 0; i < effort.pick(0, 3, 6); i++) {
      double middle = (low + high) / 2;
      OpenLoop.Result result = agreed(middle);
      if (result.isVoid()) {
        break; // says nothing; what is known so far holds
      }
      if (result.meets(limitMillis)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
