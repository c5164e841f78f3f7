package dev.hone.benchmarks.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EstimateTest {
  @Test
  void theIntervalHoldsTheTrueMedianInNineteenOfTwentyCases() {
    Random random = new Random(5);
    int held = 0;
    for (int i = 0; i < 2_000; i++) {
      double[] rounds = random.doubles(16).map(value -> value * value).toArray();
      Estimate estimate = Estimate.of(rounds);
      held += estimate.low() <= 0.25 && 0.25 <= estimate.high() ? 1 : 0;
    }
    assertThat(held).isBetween(1_880, 1_980);
  }

  @Test
  void theIntervalHoldsTheMedianOfEveryProcess() {
    double[] slow = new double[30];
    double[] fast = new double[30];
    Arrays.fill(slow, 1.2);
    Arrays.fill(fast, 1.0);
    Estimate estimate = Estimate.of(List.of(fast, slow, fast));
    assertThat(estimate).isEqualTo(new Estimate(1.0, 1.0, 1.2));
  }

  @Test
  void aFewRoundsGiveTheirWholeRange() {
    assertThat(Estimate.of(3, 1, 2)).isEqualTo(new Estimate(2, 1, 3));
  }

  /** The range of n rounds misses the median where all lie on one side: 2 times 2 to the -n. */
  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "SMOKE")
  void everyEffortHasRoundsEnoughForAnIntervalOf95Percent(Effort effort) {
    int rounds = effort.rounds(/* turnNanos= */ 1e15);
    assertThat(2 * Math.pow(0.5, rounds)).isLessThanOrEqualTo(0.05);
  }

  @Test
  void noRoundsAreRefused() {
    assertThatThrownBy(() -> Estimate.of(new double[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("An estimate needs at least one measured value.");
  }
}
