package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SequentialTestTest {
  private static final double HEALTHY = 0.01;
  private static final double HARMFUL = 0.1;

  private static SequentialTest test(double falseAlarmRate) {
    return new SequentialTest(HEALTHY, HARMFUL, falseAlarmRate);
  }

  @Test
  void alarmsAtTheHealthyRateAreAsRareAsStated() {
    double falseAlarmRate = 1e-4;
    int alarms = 0;
    SplittableRandom random = new SplittableRandom(1);
    SequentialTest test = test(falseAlarmRate);
    int comparisons = 2_000_000;
    for (int i = 0; i < comparisons; i++) {
      if (test.observe(random.nextDouble() >= HEALTHY) == Agreement.DRIFT) {
        alarms++;
        test.reset();
      }
    }
    assertThat(alarms).isPositive().isLessThanOrEqualTo((int) (comparisons * falseAlarmRate));
  }

  @Test
  void harmIsFoundInAboutTheDerivedNumberOfComparisons() {
    double derived = 95; // see the note above the class
    double sum = 0;
    int runs = 1_000;
    for (int seed = 0; seed < runs; seed++) {
      SplittableRandom random = new SplittableRandom(seed);
      SequentialTest test = test(1e-6);
      int n = 1;
      while (test.observe(random.nextDouble() >= HARMFUL) != Agreement.DRIFT) {
        n++;
      }
      sum += n;
    }
    assertThat(sum / runs).isBetween(0.8 * derived, 1.3 * derived);
  }

  @Test
  void wherePracticallyEverythingDisagreesSixComparisonsDo() {
    SequentialTest test = test(1e-6);
    for (int i = 1; i <= 6; i++) {
      assertThat(test.state()).isNotEqualTo(Agreement.DRIFT);
      test.observe(false);
    }
    assertThat(test.state()).isEqualTo(Agreement.DRIFT);
  }

  @Test
  void longHealthDoesNotHideHarmThatBeginsNow() {
    SequentialTest test = test(1e-6);
    for (int i = 0; i < 100_000; i++) {
      test.observe(true);
    }
    for (int i = 0; i < 6; i++) {
      test.observe(false);
    }
    assertThat(test.state()).isEqualTo(Agreement.DRIFT);
  }

  @Test
  void aWarningComesBeforeTheAlarmAndPasses() {
    SequentialTest test = test(1e-6);
    for (int i = 0; i < 4; i++) {
      test.observe(false);
    }
    assertThat(test.state()).isEqualTo(Agreement.WARN);
    for (int i = 0; i < 100; i++) {
      test.observe(true);
    }
    assertThat(test.state()).isEqualTo(Agreement.OK);
  }

  @Test
  void anAlarmStaysUntilReset() {
    SequentialTest test = test(1e-6);
    for (int i = 0; i < 6; i++) {
      test.observe(false);
    }
    for (int i = 0; i < 1_000; i++) {
      test.observe(true);
    }
    assertThat(test.state()).isEqualTo(Agreement.DRIFT);
    test.reset();
    assertThat(test.state()).isEqualTo(Agreement.OK);
    assertThat(test.evidence()).isZero();
  }
}
