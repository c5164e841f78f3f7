package dev.hone.benchmarks.load;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.LongStream;

/** When requests shall be sent, in nanoseconds from the beginning, in order. */
public final class Arrivals {
  private static final double BURST_SHARE = 0.2;
  private static final double BURST_FACTOR = 3;
  private static final double BURST_SECONDS = 0.05;

  private Arrivals() {}

  /** Requests that know nothing of each other: the gaps are exponential. */
  static long[] poisson(double perSecond, double seconds, long seed) {
    Random random = new Random(seed);
    long[] times = new long[(int) (perSecond * seconds)];
    double time = 0;
    for (int i = 0; i < times.length; i++) {
      time += exponential(random, perSecond);
      times[i] = (long) (time * 1e9);
    }
    return times;
  }

  /** The same, while the rate changes evenly from one to another (by thinning). */
  public static long[] ramp(double fromPerSecond, double toPerSecond, double seconds, long seed) {
    Random random = new Random(seed);
    double most = Math.max(fromPerSecond, toPerSecond);
    LongStream.Builder times = LongStream.builder();
    for (double time = exponential(random, most);
        time < seconds;
        time += exponential(random, most)) {
      double rate = fromPerSecond + (toPerSecond - fromPerSecond) * time / seconds;
      if (random.nextDouble() * most < rate) {
        times.add((long) (time * 1e9));
      }
    }
    return times.build().toArray();
  }

  /**
   * Bursts between calm: a Poisson process whose rate jumps between two values, after exponential
   * times (MMPP-2). A fifth of the time the rate is three times the mean.
   */
  static long[] bursts(double perSecond, double seconds, long seed) {
    double calm = perSecond * (1 - BURST_SHARE * BURST_FACTOR) / (1 - BURST_SHARE);
    double calmSeconds = BURST_SECONDS * (1 - BURST_SHARE) / BURST_SHARE;
    Random random = new Random(seed);
    long[] times = new long[(int) (perSecond * seconds)];
    boolean burst = false;
    double time = 0;
    double change = exponential(random, 1 / calmSeconds);
    for (int i = 0; i < times.length; ) {
      double next = time + exponential(random, burst ? perSecond * BURST_FACTOR : calm);
      if (next < change) {
        time = next;
        times[i++] = (long) (time * 1e9);
      } else { // the process has no memory: it may start anew at the change
        time = change;
        burst = !burst;
        change += exponential(random, 1 / (burst ? BURST_SECONDS : calmSeconds));
      }
    }
    return times;
  }

  /** A recorded trace, stretched to another rate. */
  static long[] replayed(long[] nanos, double perSecond) {
    double recorded = nanos.length * 1e9 / Math.max(1, nanos[nanos.length - 1]);
    return Arrays.stream(nanos).map(time -> (long) (time * (recorded / perSecond))).toArray();
  }

  private static double exponential(Random random, double perSecond) {
    return -Math.log(1 - random.nextDouble()) / perSecond;
  }
}
