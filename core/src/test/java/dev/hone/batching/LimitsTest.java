package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final long TARGET = Duration.ofMillis(10).toNanos();

  private static Limits limits() {
    BatchPolicy policy = BatchPolicy.builder().latencyTarget(Duration.ofMillis(10)).build();
    return new Limits(policy, 64);
  }

  private static void answer(Limits limits, int times, long nanos) {
    for (int i = 0; i < times; i++) {
      limits.answered(nanos);
    }
  }

  private static void batches(Limits limits, int times, int rows, long nanos) {
    for (int i = 0; i < times; i++) {
      answer(limits, rows, nanos);
      limits.ran();
    }
  }

  @Test
  void withoutATargetBatchesMayTakeAnyTime() {
    Limits limits = new Limits(BatchPolicy.automatic(), 64);
    batches(limits, 100, 32, Long.MAX_VALUE / 2);
    assertThat(limits.maxNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void answersInTimeLetBatchesGrowUpToTheTarget() {
    Limits limits = limits();
    long before = limits.maxNanos();
    batches(limits, 1, 100, TARGET / 2);
    assertThat(limits.maxNanos()).isGreaterThan(before);
    batches(limits, 1000, 100, TARGET / 2);
    assertThat(limits.maxNanos()).isEqualTo(TARGET);
  }

  @Test
  void oneLateAnswerInAHundredIsBorneAndTwoAreNot() {
    Limits limits = limits();
    answer(limits, 1, 2 * TARGET);
    long before = limits.maxNanos();
    batches(limits, 1, 99, TARGET / 2);
    assertThat(limits.maxNanos()).isGreaterThan(before);
    answer(limits, 2, 2 * TARGET);
    before = limits.maxNanos();
    batches(limits, 1, 98, TARGET / 2);
    assertThat(limits.maxNanos()).isLessThan(before);
  }

  @Test
  void oneLateBatchShrinksTheLimitOnceAndManyDownToAFloor() {
    Limits limits = limits();
    long before = limits.maxNanos();
    batches(limits, 1, 64, 2 * TARGET);
    assertThat(limits.maxNanos()).isEqualTo(before - before / 10);
    batches(limits, 1000, 64, 2 * TARGET);
    assertThat(limits.maxNanos()).isEqualTo(TARGET / 100);
  }
}
