package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;

class LimitsTest {
  private static final long TARGET = Duration.ofMillis(10).toNanos();

  private static Limits limits() {
    BatchPolicy policy = BatchPolicy.builder().latencyTarget(Duration.ofMillis(10)).build();
    return new Limits(policy, 64);
  }

  private static void answer(Limits limits, int times, long nanos) {
    for (int i = 0; i < times; i++) {
      limits.answered(nanos, 0);
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

  @Test
  void loadThatWasTooMuchForAWhileIsServedInTimeAgainWhenItIsNot() {
    Limits limits = limits();
    Deque<Double> waiting = new ArrayDeque<>(); // when each came
    double now = 0;
    double next = 0;
    double late = 0;
    double answered = 0;
    while (now < 2_000 * TARGET) {
      // Batches of 64 take 0.37 of the target, single calls 0.055: ten times as much work for each.
      boolean over = now < 200 * TARGET;
      double between = TARGET * 0.37 / 64 / (over ? 1.5 : 0.8);
      for (; next <= now; next += between) {
        waiting.add(next);
      }
      if (waiting.isEmpty()) {
        now = next;
        continue;
      }
      int rows = Math.min(64, waiting.size());
      while (rows > 1 && nanosOf(rows) > limits.maxNanos()) {
        rows--;
      }
      double end = now + nanosOf(rows);
      for (int i = 0; i < rows; i++) {
        double came = waiting.remove();
        limits.answered((long) (end - came), (long) (now - came));
        if (now > 1_000 * TARGET) {
          answered++;
          late += end - came > TARGET ? 1 : 0;
        }
      }
      limits.ran();
      now = end;
    }
    assertThat(late / answered).isLessThan(0.01);
  }

  private static double nanosOf(int rows) {
    return TARGET * (0.05 + 0.005 * rows);
  }
}
