package dev.hone.benchmarks.load;

import java.util.Arrays;
import java.util.stream.LongStream;

/**
 * Phases of Poisson load, one after the other.
 *
 * @param due when each request is due, in nanoseconds from the beginning
 */
@SuppressWarnings("ArrayRecordComponent") // handed over, never compared
record Schedule(long[] due) {
  /** Nothing yet. */
  static final Schedule EMPTY = new Schedule(new long[0]);

  /** And from then on, until another time, requests at this rate. */
  Schedule and(double fromSeconds, double toSeconds, double perSecond, long seed) {
    long from = (long) (fromSeconds * 1e9);
    long[] more = Arrivals.poisson(perSecond, toSeconds - fromSeconds, seed);
    return new Schedule(
        LongStream.concat(Arrays.stream(due), Arrays.stream(more).map(time -> from + time))
            .sorted() // the last of a phase may come after its end
            .toArray());
  }

  /** What the requests took that were due in a window, in order of when they were due. */
  long[] window(long[] took, double fromSeconds, double toSeconds) {
    return Arrays.copyOfRange(took, index(fromSeconds), index(toSeconds));
  }

  private int index(double seconds) {
    int found = Arrays.binarySearch(due, (long) (seconds * 1e9));
    return found >= 0 ? found : -found - 1;
  }

  /** The 99th percentile of these times, in milliseconds; infinite if that one was refused. */
  static double p99Millis(long[] took) {
    if (took.length == 0) {
      return Double.POSITIVE_INFINITY;
    }
    long[] sorted = took.clone();
    Arrays.sort(sorted);
    long nanos = sorted[(int) Math.ceil(0.99 * sorted.length) - 1];
    return nanos == OpenLoop.FAILED ? Double.POSITIVE_INFINITY : nanos / 1e6;
  }
}
