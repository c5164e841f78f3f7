package dev.hone.benchmarks.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.hone.benchmarks.measure.Estimate;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.DoublePredicate;
import org.junit.jupiter.api.Test;

class UpAndDownTest {
  private static final double CAPACITY = 1_000;
  private static final double TRUTH = 300;

  private final List<Double> tried = new ArrayList<>();

  private double found(double first, DoublePredicate isWithin) {
    double[] rates =
        new UpAndDown(first, CAPACITY)
            .rates(
                rate -> {
                  tried.add(rate);
                  return isWithin.test(rate);
                },
                8,
                20);
    assertThat(rates).hasSize(8);
    return Estimate.of(rates).value();
  }

  @Test
  void itComesToTheRateFromBothSides() {
    for (double first : new double[] {50, 310, 900}) {
      assertThat(found(first, rate -> rate <= TRUTH)).isCloseTo(TRUTH, within(0.04 * TRUTH));
    }
  }

  /** A search that halves an interval would never come back from it. */
  @Test
  void aBadMomentOfTheMachineCostsLittle() {
    for (int bad = 0; bad < 14; bad++) {
      int unlucky = bad;
      tried.clear();
      double found = found(500, rate -> rate <= TRUTH && tried.size() != unlucky + 1);
      assertThat(found).as("bad moment in run %d", bad).isCloseTo(TRUTH, within(0.08 * TRUTH));
    }
  }

  /** Each run is a little luckier or unluckier than the last. */
  @Test
  void whereRunsDifferItFindsTheMiddle() {
    Random random = new Random(5);
    double sum = 0;
    for (int i = 0; i < 50; i++) {
      sum += found(500, rate -> rate <= TRUTH * (1 + 0.1 * random.nextGaussian()));
    }
    assertThat(sum / 50).isCloseTo(TRUTH, within(0.04 * TRUTH));
  }

  @Test
  void noRateAboveTheCapacityIsTried() {
    assertThat(found(500, rate -> rate <= 0.99 * CAPACITY)).isBetween(900.0, CAPACITY);
    assertThat(tried).allMatch(rate -> rate <= CAPACITY);
  }

  @Test
  void whereNoRateIsWithinTheLimitThereIsNone() {
    assertThat(new UpAndDown(500, CAPACITY).rates(rate -> false, 8, 50)).isEmpty();
  }

  @Test
  void whereAllAreWithinItTheCapacityIsTheRate() {
    assertThat(found(500, rate -> true)).isEqualTo(CAPACITY);
  }
}
