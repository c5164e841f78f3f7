package dev.hone.shadow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ComparisonTest {
  private static double divergence(Comparison by, float[] fast, float[] baseline) {
    return by.divergence(fast, baseline, 0, fast.length, fast.length);
  }

  @ParameterizedTest
  @EnumSource(Comparison.class)
  void equalOutputsDoNotDiverge(Comparison by) {
    float[] values = {0.5f, -3, 7, 1e-3f};
    assertThat(divergence(by, values, values)).isEqualTo(0, within(1e-12));
  }

  @ParameterizedTest
  @EnumSource(Comparison.class)
  void whatIsNoNumberInBothIsNoDisagreement(Comparison by) {
    float[] empty = {Float.NaN, Float.NaN};
    float[] masked = {0.5f, Float.NEGATIVE_INFINITY, 2};
    assertThat(divergence(by, empty, empty.clone())).isZero();
    assertThat(divergence(by, masked, masked.clone())).isZero();
  }

  @Test
  void classesThatBothRuleOutAddNothingToKl() {
    float ruledOut = Float.NEGATIVE_INFINITY;
    float[] fast = {(float) Math.log(0.5), ruledOut, (float) Math.log(0.5)};
    float[] baseline = {(float) Math.log(0.9), ruledOut, (float) Math.log(0.1)};
    double expected = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5);
    assertThat(divergence(Comparison.KL, fast, baseline)).isEqualTo(expected, within(1e-6));
    float[] more = {fast[0], fast[2], ruledOut};
    assertThat(divergence(Comparison.KL, more, baseline)).isPositive().isInfinite();
  }

  @ParameterizedTest
  @EnumSource(Comparison.class)
  void whatIsNoNumberDivergesFromEverything(Comparison by) {
    assertThat(divergence(by, new float[] {1, Float.NaN, 3}, new float[] {1, 2, 3}))
        .isGreaterThan(by.usualLimit());
  }

  @Test
  void cosineIsTheAngleWhateverTheLength() {
    assertThat(divergence(Comparison.COSINE, new float[] {1, 0}, new float[] {0, 5})).isEqualTo(1);
    assertThat(divergence(Comparison.COSINE, new float[] {1, 1}, new float[] {3, 3}))
        .isEqualTo(0, within(1e-12));
    assertThat(divergence(Comparison.COSINE, new float[] {1, 0}, new float[] {-2, 0})).isEqualTo(2);
    assertThat(divergence(Comparison.COSINE, new float[2], new float[2])).isZero();
    assertThat(divergence(Comparison.COSINE, new float[2], new float[] {1, 0})).isEqualTo(1);
  }

  @Test
  void top1IsTheShareOfVectorsWithAnotherLargestElement() {
    float[] fast = {1, 2, 2, 1, 5, 6};
    float[] baseline = {1, 9, 1, 2, 0, 1};
    assertThat(Comparison.TOP1.divergence(fast, baseline, 0, 6, 2)).isEqualTo(1 / 3.0);
  }

  @Test
  void klIsThatOfTheSoftmaxes() {
    float[] fast = {(float) Math.log(0.5), (float) Math.log(0.5)};
    float[] baseline = {(float) Math.log(0.9), (float) Math.log(0.1)};
    double expected = 0.9 * Math.log(0.9 / 0.5) + 0.1 * Math.log(0.1 / 0.5);
    assertThat(divergence(Comparison.KL, fast, baseline)).isEqualTo(expected, within(1e-6));
    float[] shifted = {fast[0] + 100, fast[1] + 100};
    assertThat(divergence(Comparison.KL, shifted, baseline)).isEqualTo(expected, within(1e-5));
  }

  @Test
  void maxAbsIsTheLargestDifference() {
    assertThat(divergence(Comparison.MAX_ABS, new float[] {1, 2, 3}, new float[] {1, 4, 3.5f}))
        .isEqualTo(2);
  }
}
