package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SketchTest {
  private static double[] lengths(long seed, int count, double mean) {
    Random random = new Random(seed);
    double[] values = new double[count];
    Arrays.setAll(values, i -> Math.max(1, Math.round(mean + 10 * random.nextGaussian())));
    return values;
  }

  @Test
  void anotherSampleOfOnePopulationIsNoShift() {
    Sketch sketch = Sketch.of(lengths(0, 5_000, 40));
    for (int seed = 1; seed <= 1_000; seed++) {
      assertThat(sketch.shift(lengths(seed, 200, 40), 200)).isLessThan(SketchWatch.SHIFTED);
    }
  }

  @Test
  void lengthsThatGrewAreAShift() {
    Sketch sketch = Sketch.of(lengths(0, 5_000, 40));
    assertThat(sketch.shift(lengths(1, 200, 52), 200)).isGreaterThan(SketchWatch.SHIFTED);
  }

  @Test
  void aConstantFeatureHasOneBin() {
    double[] constant = new double[300];
    Arrays.fill(constant, 7);
    Sketch sketch = Sketch.of(constant);
    assertThat(sketch.shift(constant, 300)).isEqualTo(0, within(1e-9));
    Arrays.fill(constant, 8);
    assertThat(sketch.shift(constant, 300)).isGreaterThan(SketchWatch.SHIFTED);
  }

  @Test
  void whatIsWrittenIsReadAgain() {
    Sketch sketch = Sketch.of(lengths(0, 500, 40));
    double[] values = lengths(1, 200, 45);
    assertThat(Sketch.parse(sketch.format()).shift(values, 200))
        .isEqualTo(sketch.shift(values, 200), within(1e-6));
  }

  @Test
  void whatIsNoDistributionIsRefused() {
    assertThatThrownBy(() -> Sketch.parse("1 2 3 | 0.5"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("one share more than edges")
        .hasMessageContaining("1 2 3 | 0.5");
  }
}
