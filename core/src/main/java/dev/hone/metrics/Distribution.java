package dev.hone.metrics;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.function.LongFunction;
import org.jspecify.annotations.Nullable;

/**
 * How many values of which size there were. Immutable. Single values are known to within 3.2 % of
 * their size (values below 16 exactly), the count, the sum and the mean exactly.
 */
public final class Distribution {
  /** Of no values. */
  public static final Distribution EMPTY = new Distribution(new long[Buckets.COUNT], 0);

  private final long[] counts;
  private final long count;
  private final long sum;

  /** Takes the array over. */
  Distribution(long[] counts, long sum) {
    this.counts = counts;
    this.count = Arrays.stream(counts).sum();
    this.sum = sum;
  }

  /** The distribution of these values, for example to compare with. */
  public static Distribution of(long... values) {
    Objects.requireNonNull(values, "values of a distribution");
    long[] counts = new long[Buckets.COUNT];
    for (long value : values) {
      counts[Buckets.index(value)]++;
    }
    return new Distribution(counts, Arrays.stream(values).map(value -> Math.max(value, 0)).sum());
  }

  /** How many values. */
  public long count() {
    return count;
  }

  /** Their sum. */
  public long sum() {
    return sum;
  }

  /** Their mean, or 0 if there are none. */
  public double mean() {
    return count == 0 ? 0 : (double) sum / count;
  }

  /**
   * The value that this share of all values does not exceed, or 0 if there are none.
   *
   * @param percent from 0 to 100
   */
  public long percentile(double percent) {
    if (!(percent >= 0 && percent <= 100)) {
      throw new IllegalArgumentException(
          "A percentile must be from 0 to 100, but is " + percent + ".");
    }
    long rank = Math.max(1, (long) Math.ceil(percent / 100 * count));
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= rank) {
        return Buckets.lowest(i) + (Buckets.lowest(i + 1) - Buckets.lowest(i)) / 2;
      }
    }
    return 0;
  }

  /** The largest value, or 0 if there are none. */
  public long max() {
    return percentile(100);
  }

  /** How many values are at most this, assuming those of one bucket to be spread evenly. */
  public long countUpTo(long value) {
    if (value < 0) {
      return 0;
    }
    int last = Buckets.index(value);
    long below = 0;
    for (int i = 0; i < last; i++) {
      below += counts[i];
    }
    long lowest = Buckets.lowest(last);
    long width = Buckets.lowest(last + 1) - lowest;
    double share = Math.min(1, (value - lowest + 1.0) / width);
    return below + (long) (share * counts[last]);
  }

  /** The values that came after an earlier snapshot. */
  public Distribution minus(Distribution earlier) {
    Objects.requireNonNull(earlier, "earlier distribution");
    long[] difference = new long[Buckets.COUNT];
    Arrays.setAll(difference, i -> Math.max(0, counts[i] - earlier.counts[i]));
    return new Distribution(difference, Math.max(0, sum - earlier.sum));
  }

  /** The values of both. */
  Distribution plus(Distribution other) {
    long[] together = new long[Buckets.COUNT];
    Arrays.setAll(together, i -> counts[i] + other.counts[i]);
    return new Distribution(together, sum + other.sum);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Distribution d && d.sum == sum && Arrays.equals(d.counts, counts);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(counts) * 31 + Long.hashCode(sum);
  }

  /** Count, mean and the usual percentiles. */
  @Override
  public String toString() {
    return text(String.format(Locale.ROOT, "%.1f", mean()), Long::toString);
  }

  /** The same of nanoseconds, as milliseconds to three digits: more is not known. */
  String inMillis() {
    return text(millis(mean()), Distribution::millis);
  }

  private static String millis(double nanos) {
    BigDecimal millis = BigDecimal.valueOf(nanos).movePointLeft(6).round(new MathContext(3));
    return millis.stripTrailingZeros().toPlainString();
  }

  private String text(String mean, LongFunction<String> text) {
    return String.format(
        Locale.ROOT,
        "%d %s, mean %s, p50 %s, p95 %s, p99 %s, max %s",
        count,
        count == 1 ? "value" : "values",
        mean,
        text.apply(percentile(50)),
        text.apply(percentile(95)),
        text.apply(percentile(99)),
        text.apply(max()));
  }
}
