package dev.hone.metrics;

/** Where each number lies in the array that a {@link Stripe} counts in. */
final class Cells {
  private static final int STAGES = Stage.values().length;
  private static final int PER_HISTOGRAM = Buckets.COUNT + 1;

  /** The histogram of whole calls. */
  static final int TOTAL = STAGES;

  /** The histogram of rows in a batch. */
  static final int BATCH_ROWS = STAGES + 1;

  static final int FAILED = (STAGES + 2) * PER_HISTOGRAM;
  static final int REJECTED = FAILED + ErrorKind.values().length;
  static final int DISPATCHED = REJECTED + Rejection.values().length;
  static final int EXPIRED = DISPATCHED + Dispatch.values().length;
  static final int CANCELLED = EXPIRED + 1;
  static final int LATE = CANCELLED + 1;
  static final int ROWS = LATE + 1;
  static final int REAL_TOKENS = ROWS + 1;
  static final int PADDED_TOKENS = REAL_TOKENS + 1;

  /** Sums over batches of t, b b and b t, where b is rows and t nanoseconds; see {@link Load}. */
  static final int BUSY_NANOS = PADDED_TOKENS + 1;

  static final int ROWS_SQUARED = BUSY_NANOS + 1;
  static final int ROW_NANOS = ROWS_SQUARED + 1;
  static final int COUNT = ROW_NANOS + 1;

  private Cells() {}

  /** Where the number of a constant lies among those of its type; the order is ours to choose. */
  @SuppressWarnings("EnumOrdinal")
  static int position(Enum<?> constant) {
    return constant.ordinal();
  }

  static void add(long[] cells, int histogram, long value) {
    int start = histogram * PER_HISTOGRAM;
    cells[start + Buckets.index(value)]++;
    cells[start + Buckets.COUNT] += Math.max(value, 0);
  }

  static long sum(long[] cells, int histogram) {
    return cells[histogram * PER_HISTOGRAM + Buckets.COUNT];
  }

  static Distribution distribution(long[] cells, int histogram) {
    int start = histogram * PER_HISTOGRAM;
    long[] counts = new long[Buckets.COUNT];
    System.arraycopy(cells, start, counts, 0, counts.length);
    return new Distribution(counts, cells[start + Buckets.COUNT]);
  }
}
