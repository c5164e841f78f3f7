package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import java.util.concurrent.CompletableFuture;

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

  OpenLoop.Result poisson(double perSecond) {
    return poisson(perSecond, SEED);
  }

  private OpenLoop.Result poisson(double perSecond, long seed) {
    return run(Arrivals.poisson(perSecond, seconds, seed));
  }

  /**
   * One of the runs that decide whether a rate is within the limit: two, and where they do not
   * agree a third. A run has so few requests that a bad moment of the machine makes its 99th
   * percentile.
   */
  OpenLoop.Result agreed(double perSecond) {
    OpenLoop.Result first = poisson(perSecond);
    if (effort == Effort.SMOKE) {
      return first;
    }
    OpenLoop.Result second = poisson(perSecond, SEED + 1);
    boolean within = first.meets(limitMillis);
    if (within == second.meets(limitMillis)) {
      return first;
    }
    OpenLoop.Result third = poisson(perSecond, SEED + 2);
    return third.meets(limitMillis) == within ? first : second;
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
      if (agreed(middle).meets(limitMillis)) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
