package dev.hone.benchmarks.load;

import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Effort;
import java.util.Locale;
import java.util.function.LongFunction;

/**
 * Load on one server.
 *
 * @param server the server
 * @param workload the requests, sent again and again
 * @param seconds how long each run lasts, at least
 * @param limitMillis the time within which answers are wanted
 * @param effort how well to search
 */
record Load(
    Server.Open server, Workload workload, double seconds, double limitMillis, Effort effort) {
  private static final int MOST_RUNS = 4;

  /** Of fewer requests, a 99th percentile is but the longest time or two. */
  private static final int LEAST_REQUESTS = 300;

  /** Runs in which requests come by themselves at this rate, until one is not void. */
  OpenLoop.Result poisson(double perSecond, long seed) {
    double enough = effort == Effort.SMOKE ? 0 : LEAST_REQUESTS / perSecond;
    double lasting = Math.max(seconds, enough);
    return notVoid(tries -> run(Arrivals.poisson(perSecond, lasting, MOST_RUNS * seed + tries)));
  }

  /** The same with bursts. */
  OpenLoop.Result bursts(double perSecond, long seed) {
    return notVoid(tries -> run(Arrivals.bursts(perSecond, seconds, MOST_RUNS * seed + tries)));
  }

  /** The first of four runs that is not void, or else the last. */
  static OpenLoop.Result notVoid(LongFunction<OpenLoop.Result> run) {
    OpenLoop.Result result = run.apply(0);
    for (int tries = 1; tries < MOST_RUNS && result.isVoid(); tries++) {
      result = run.apply(tries);
    }
    return result;
  }

  private OpenLoop.Result run(long[] due) {
    int requests = workload.requests().size();
    return Promptness.call(
        () ->
            OpenLoop.run(
                due, i -> server.send(workload.requests().get(i % requests)), limitMillis));
  }

  /** Answers in a second when there is always something to do. */
  double capacity() throws InterruptedException {
    int requests = effort.pick(32, 512, 2_048);
    double unused = Flood.perSecond(server, workload.requests(), requests); // warms up
    return Flood.perSecond(server, workload.requests(), requests);
  }

  /**
   * Rates at which half of all runs are within the limit, more or less; none if there is no such.
   *
   * @param capacity answers in a second when there is always something to do
   * @throws IllegalStateException if the generator was too late for that to be found
   */
  double[] highestRates(double capacity) {
    long[] seed = {1};
    return new UpAndDown(capacity / 3, capacity)
        .rates(
            rate -> {
              OpenLoop.Result result = poisson(rate, seed[0]++);
              if (result.isVoid() && effort != Effort.SMOKE) {
                throw new IllegalStateException(tooLate(rate, result));
              }
              return result.meets(limitMillis);
            },
            effort.pick(1, 6, 24),
            effort.pick(4, 18, 50));
  }

  /** Why a run at this rate means nothing. */
  static String tooLate(double perSecond, OpenLoop.Result result) {
    return String.format(
        Locale.ROOT,
        "Void at %.0f requests/s: the generator was %.1f ms late.",
        perSecond,
        result.lagMillis());
  }
}
