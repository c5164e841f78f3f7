package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DistributionTest {
  @Test
  void bucketsFollowEachOtherWithoutGaps() {
    for (int i = 0; i < Buckets.COUNT; i++) {
      assertThat(Buckets.index(Buckets.lowest(i))).isEqualTo(i);
      assertThat(Buckets.index(Buckets.lowest(i + 1) - 1)).isEqualTo(i);
    }
  }

  @Test
  void valuesOutOfRangeCountAtTheEnds() {
    assertThat(Buckets.index(-5)).isZero();
    assertThat(Buckets.index(Long.MIN_VALUE)).isZero();
    assertThat(Buckets.index(Long.MAX_VALUE)).isEqualTo(Buckets.COUNT - 1);
  }

  @Test
  void percentilesAreWithinTheStatedErrorOfTheExactOnes() {
    Random random = new Random(7);
    long[] values = new long[20_000];
    Arrays.setAll(values, i -> (long) Math.exp(random.nextDouble() * 25));
    Distribution distribution = Distribution.of(values);
    Arrays.sort(values);
    for (double percent : new double[] {0.1, 1, 25, 50, 90, 99, 99.9, 100}) {
      double exact = values[(int) Math.ceil(percent / 100 * values.length) - 1];
      double tolerance = Math.max(1, exact * 0.032);
      assertThat((double) distribution.percentile(percent)).isCloseTo(exact, within(tolerance));
    }
    assertThat(distribution.count()).isEqualTo(values.length);
    assertThat(distribution.sum()).isEqualTo(Arrays.stream(values).sum());
  }

  @Test
  void countUpToIsExactAtTheEndOfABucketAndEvenInside() {
    Distribution distribution = Distribution.of(1, 5, 5, 1000, 1001, 5000);
    assertThat(distribution.countUpTo(-1)).isZero();
    assertThat(distribution.countUpTo(0)).isZero();
    assertThat(distribution.countUpTo(5)).isEqualTo(3);
    assertThat(distribution.countUpTo(2000)).isEqualTo(5);
    assertThat(distribution.countUpTo(Long.MAX_VALUE)).isEqualTo(6);
  }

  @Test
  void snapshotsSubtract() {
    assertThat(Distribution.of(3, 7, 900).minus(Distribution.of(3, 900)))
        .isEqualTo(Distribution.of(7));
  }

  @Test
  void textsAreTheSameInEveryLocaleAndTimesAreInMilliseconds() {
    Locale before = Locale.getDefault();
    try {
      for (Locale locale : List.of(Locale.ROOT, Locale.GERMANY, Locale.forLanguageTag("ar-EG"))) {
        Locale.setDefault(locale);
        assertThat(Distribution.of(1, 2))
            .hasToString("2 values, mean 1.5, p50 1, p95 2, p99 2, max 2");
        assertThat(Distribution.of(1)).asString().startsWith("1 value, ");
        assertThat(Distribution.of(1_500_000).inMillis()).startsWith("1 value, mean 1.5, p50 1.");
        assertThat(Distribution.of(123_456_789, 1_976_543_211).inMillis()).contains("mean 1050,");
        assertThat(Distribution.of(2_624).inMillis()).contains("mean 0.00262,");
        assertThat(SessionStats.EMPTY)
            .asString()
            .contains("total ms: 0 values, mean 0, p50 0", "utilization 0.00, pressure 0.00");
      }
    } finally {
      Locale.setDefault(before);
    }
  }

  @Test
  void noValuesHaveZeroEverywhere() {
    assertThat(Distribution.EMPTY.percentile(99)).isZero();
    assertThat(Distribution.EMPTY.mean()).isZero();
    assertThat(Distribution.EMPTY.max()).isZero();
  }

  @Test
  void aPercentileOutOfRangeIsRefused() {
    assertThatThrownBy(() -> Distribution.EMPTY.percentile(101))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A percentile must be from 0 to 100, but is 101.0.");
  }
}
