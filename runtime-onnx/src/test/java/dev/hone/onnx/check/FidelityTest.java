package dev.hone.onnx.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.Batch;
import dev.hone.Tensor;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FidelityTest {
  private static final double EXACT = 1e-6;

  private static OutputFidelity compare(float[][] exact, float[][] approximate) {
    try (Batch in = Batch.of("x", Tensor.of(new float[exact.length][1]));
        Batch x = Batch.of("y", Tensor.of(exact));
        Batch y = Batch.of("y", Tensor.of(approximate))) {
      Fidelity fidelity = new Fidelity();
      fidelity.add(in, x, y);
      return Objects.requireNonNull(fidelity.outputs().get("y"));
    }
  }

  private static float[][] random(int rows, int columns, int seed) {
    Random random = new Random(seed);
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return values;
  }

  @Test
  void theSameAnswersArePerfect() {
    float[][] rows = random(20, 8, 1);
    OutputFidelity same = compare(rows, rows);
    assertThat(same.rows()).isEqualTo(20);
    assertThat(same.meanCosine()).isCloseTo(1, within(EXACT));
    assertThat(same.percentileCosine(0)).isCloseTo(1, within(EXACT));
    assertThat(same.spearman()).isCloseTo(1, within(EXACT));
    assertThat(same.sameNeighbour()).isEqualTo(1);
  }

  @Test
  void cosinesAreThoseOfTheRows() {
    OutputFidelity output =
        compare(new float[][] {{1, 0}, {0, 2}, {1, 1}}, new float[][] {{3, 0}, {2, 0}, {-1, -1}});
    assertThat(output.cosines()).containsExactly(new double[] {1, 0, -1}, within(EXACT));
    assertThat(output.meanCosine()).isCloseTo(0, within(EXACT));
    assertThat(output.percentileCosine(0.5)).isCloseTo(0, within(EXACT));
    assertThat(output.percentileCosine(0.25)).isCloseTo(-0.5, within(EXACT));
  }

  @Test
  void aRowThatIsNoNumberAnyMoreIsTheWorst() {
    OutputFidelity output =
        compare(new float[][] {{1, 2}, {1, 2}}, new float[][] {{1, Float.NaN}, {1, 2}});
    assertThat(output.cosines()).containsExactly(new double[] {-1, 1}, within(EXACT));
  }

  @Test
  void ofVectorsWithoutLengthBothAreAlikeAndOneIsNot() {
    OutputFidelity output = compare(new float[][] {{0, 0}, {0, 0}}, new float[][] {{0, 0}, {0, 1}});
    assertThat(output.cosines()).containsExactly(1, 0);
  }

  @Test
  void infinitiesThatStayedSayNothing() {
    float minus = Float.NEGATIVE_INFINITY;
    OutputFidelity output = compare(new float[][] {{1, minus, 2}}, new float[][] {{2, minus, 4}});
    assertThat(output.meanCosine()).isCloseTo(1, within(EXACT));
  }

  @Test
  void singleNumbersAreComparedBySize() {
    OutputFidelity output = compare(new float[][] {{10}, {10}}, new float[][] {{10}, {9}});
    assertThat(output.cosines()).containsExactly(new double[] {1, 0.9}, within(EXACT));
    assertThat(output.spearman()).isNaN();
  }

  @Test
  void oneInfiniteNumberHidesNoOther() {
    float[][] exact = {{Float.POSITIVE_INFINITY}, {10}, {Float.POSITIVE_INFINITY}, {10}};
    float[][] approximate = {{Float.POSITIVE_INFINITY}, {5}, {3}, {Float.NaN}};
    assertThat(compare(exact, approximate).cosines())
        .containsExactly(new double[] {1, 0.5, -1, -1}, within(EXACT));
  }

  @Test
  void rankCorrelationIsSpearmans() {
    // Ranks 0 1 2 3 4 and 1 0 2 4 3: 1 - 6 * 4 / (5 * 24).
    assertThat(Ranks.correlation(new float[] {1, 2, 3, 4, 5}, new float[] {0, -1, 2, 9, 5}))
        .isCloseTo(0.8, within(EXACT));
    // Equal values share their mean rank: 0.5 0.5 2 and 0 1 2.
    assertThat(Ranks.correlation(new float[] {-0f, 0f, 7}, new float[] {1, 2, 3}))
        .isCloseTo(Math.sqrt(0.75), within(EXACT));
  }

  @Test
  void neighboursChangePlacesWithNoise() {
    float[][] rows = random(60, 16, 2);
    float[][] noise = random(60, 16, 3);
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < 16; j++) {
        noise[i][j] = rows[i][j] + noise[i][j] * 0.5f;
      }
    }
    OutputFidelity output = compare(rows, noise);
    assertThat(output.sameNeighbour()).isBetween(0.1, 0.95);
    assertThat(output.spearman()).isBetween(0.5, 0.95);
    assertThat(output.meanCosine()).isBetween(0.8, 0.95);
  }

  @Test
  void topsOfProbabilitiesAreCountedAndOfOtherNumbersNot() {
    OutputFidelity classes =
        compare(
            new float[][] {{0.9f, 0.1f}, {0.2f, 0.8f}}, new float[][] {{0.8f, 0.2f}, {0.6f, 0.4f}});
    assertThat(classes.sameTop()).isEqualTo(0.5);
    assertThat(compare(random(4, 3, 4), random(4, 3, 4)).sameTop()).isNaN();
  }

  @Test
  void paddingDoesNotCountWhereThereIsAMask() {
    float[] exact = {1, 0, 3, 0, 7, 7};
    float[] approximate = {1, 0, 3, 0, -5, 100};
    try (Batch in = Batch.of("attention_mask", Tensor.of(new long[][] {{1, 1, 0}}));
        Batch x = Batch.of("h", Tensor.of(exact, 1, 3, 2));
        Batch y = Batch.of("h", Tensor.of(approximate, 1, 3, 2))) {
      Fidelity fidelity = new Fidelity();
      fidelity.add(in, x, y);
      OutputFidelity output = Objects.requireNonNull(fidelity.outputs().get("h"));
      assertThat(output.meanCosine()).isCloseTo(1, within(EXACT));
    }
  }

  @Test
  void ofSeveralOutputsTheWorstIsTold() {
    try (Batch in = Batch.of("x", Tensor.of(new long[] {1}, 1));
        Batch x =
            Batch.of(
                "a",
                Tensor.of(new float[][] {{1, 2}}),
                "b",
                Tensor.of(new float[][] {{1, 2}}),
                "ids",
                Tensor.of(new long[] {3}, 1));
        Batch y =
            Batch.of(
                "a",
                Tensor.of(new float[][] {{1, 2}}),
                "b",
                Tensor.of(new float[][] {{2, 1}}),
                "ids",
                Tensor.of(new long[] {4}, 1))) {
      Fidelity fidelity = new Fidelity();
      fidelity.add(in, x, y);
      assertThat(fidelity.worst()).isEqualTo("b");
      assertThat(fidelity.outputs()).containsOnlyKeys("a", "b");
    }
  }

  @Test
  void theRowsOfAnAnswerOfAnotherShapeAreLostAndTold() {
    try (Batch in = Batch.of("x", Tensor.of(new float[] {1}));
        Batch x =
            Batch.of(
                "boxes", Tensor.of(new float[][] {{1, 2}, {3, 4}}), "ids", Tensor.of(new long[2]));
        Batch y =
            Batch.of("boxes", Tensor.of(new float[][] {{1, 2}}), "ids", Tensor.of(new long[1]));
        Batch none = Batch.of("boxes", Tensor.of(new float[0], 0, 2))) {
      Fidelity fidelity = new Fidelity();
      fidelity.add(in, x, x);
      assertThat(fidelity.reshaped()).isEmpty();
      fidelity.add(in, x, y);
      fidelity.add(in, none, y);
      fidelity.add(in, none, none);
      assertThat(fidelity.outputs()).containsOnlyKeys("boxes");
      assertThat(fidelity.outputs().values().iterator().next().cosines())
          .containsExactly(1, 1, 0, 0, 0);
      assertThat(fidelity.reshaped())
          .hasValue("The output 'boxes' was FLOAT32[2, 2] and has become FLOAT32[1, 2].");
    }
  }

  @Test
  void anAnswerOfAnotherTypeIsAFault() {
    try (Batch in = Batch.of("x", Tensor.of(new float[] {1}));
        Batch x = Batch.of("y", Tensor.of(new float[] {1}));
        Batch y = Batch.of("y", Tensor.of(new long[] {1}))) {
      assertThatThrownBy(() -> new Fidelity().add(in, x, y))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("The output 'y' was FLOAT32[1] and has become INT64[1].");
    }
  }

  @Test
  void speedIsTheMedianOfTheTurnsWithItsQuartiles() {
    SpeedRatio ratio = SpeedRatio.of(new double[] {5, 1, 4, 2, 3});
    assertThat(ratio).isEqualTo(new SpeedRatio(3, 2, 4, 5));
  }
}
