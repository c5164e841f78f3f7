package dev.hone.metrics;

/*
 * A value v >= 16 lies in [2^e, 2^(e+1)) with e = floor(log2 v). That octave is cut into 16 buckets
 * of width 2^(e-4), so a bucket is at most 1/16 of its lower end wide, and its middle is at most
 * 1/32 (3.2 %) away from any value in it. Below 16 each value has a bucket of its own. This is the
 * log-linear scheme of HDR histograms with 4 bits of precision.
 *
 * Octaves up to e = 39 are kept: in nanoseconds, 18 minutes. What is larger counts as the largest.
 */

/** Which bucket of a histogram a value belongs to. */
final class Buckets {
  private static final int BITS = 4;
  private static final int PER_OCTAVE = 1 << BITS;
  private static final int LAST_OCTAVE = 39;

  /** How many there are. */
  static final int COUNT = (LAST_OCTAVE - BITS + 2) * PER_OCTAVE;

  private static final long LARGEST = (1L << (LAST_OCTAVE + 1)) - 1;

  private Buckets() {}

  /** The bucket of a value; a negative one, from a clock that stepped, counts as 0. */
  static int index(long value) {
    if (value < PER_OCTAVE) {
      return (int) Math.max(value, 0);
    }
    long kept = Math.min(value, LARGEST);
    int octave = 63 - Long.numberOfLeadingZeros(kept);
    int within = (int) (kept >>> (octave - BITS)) & (PER_OCTAVE - 1);
    return ((octave - BITS + 1) << BITS) + within;
  }

  /** The smallest value of a bucket; that of {@code COUNT} is one more than the largest. */
  static long lowest(int index) {
    if (index < PER_OCTAVE) {
      return index;
    }
    int shift = (index >> BITS) - 1;
    return (long) (PER_OCTAVE + (index & (PER_OCTAVE - 1))) << shift;
  }
}
