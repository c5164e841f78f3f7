package dev.hone.benchmarks.precision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class FidelityTest {
  private static float[][] vectors(double noise) {
    Random random = new Random(3);
    Random noises = new Random(4);
    float[][] vectors = new float[50][8];
    for (float[] vector : vectors) {
      double square = 0;
      for (int i = 0; i < vector.length; i++) {
        vector[i] = (float) (random.nextGaussian() + noise * noises.nextGaussian());
        square += vector[i] * vector[i];
      }
      for (int i = 0; i < vector.length; i++) {
        vector[i] /= (float) Math.sqrt(square);
      }
    }
    return vectors;
  }

  @Test
  void theSameVectorsAgreeInEveryMeasure() {
    Fidelity fidelity = Fidelity.of(vectors(0), vectors(0));
    assertThat(fidelity.meanCosine()).isCloseTo(1, within(1e-6));
    assertThat(fidelity.leastCosine()).isCloseTo(1, within(1e-6));
    assertThat(fidelity.spearman()).isCloseTo(1, within(1e-12));
    assertThat(fidelity.neighbour()).isEqualTo(1);
  }

  @Test
  void moreNoiseIsLessFidelityInEveryMeasure() {
    Fidelity little = Fidelity.of(vectors(0), vectors(0.05));
    Fidelity much = Fidelity.of(vectors(0), vectors(0.5));
    assertThat(little.meanCosine()).isGreaterThan(much.meanCosine());
    assertThat(little.firstPercentile()).isGreaterThan(much.firstPercentile());
    assertThat(little.leastCosine()).isLessThanOrEqualTo(little.firstPercentile());
    assertThat(little.spearman()).isGreaterThan(much.spearman());
    assertThat(little.neighbour()).isGreaterThan(much.neighbour());
  }

  @Test
  void ranksAreThoseOfTheTextbook() {
    // The pairs (1,0), (2,0), (2,1) have ranks 3, 2, 1 there and 1, 2, 3 here.
    float[][] reference = {{1, 0}, {0.8f, 0.6f}, {0.6f, -0.8f}};
    float[][] turned = {{1, 0, 0}, {0, 1, 0}, {0.6f, 0.8f, 0}};
    assertThat(Fidelity.of(reference, turned).spearman()).isCloseTo(-1, within(1e-12));
  }

  @Test
  void aVectorIsToldByMostOfItsNearestNeighboursAndNotByItself() {
    float[][] vectors = {at(0), at(1), at(2), at(3), at(90), at(91), at(92), at(93)};
    boolean[] labels = {true, true, true, false, false, false, false, false};
    Similarities similarities = Similarities.of(vectors);
    assertThat(similarities.nearest(0, 3)).containsExactly(1, 2, 3);
    assertThat(similarities.nearest(4, 1)).containsExactly(5);
    assertThat(similarities.percentRight(labels, 3)).isEqualTo(100.0 * 7 / 8); // all but the fourth
    assertThat(similarities.percentRight(new boolean[8], 5)).isEqualTo(100);
  }

  @Test
  void rowsAreCutApartAndMadeOfLengthOne() {
    assertThat(Fidelity.unitRows(new float[] {3, 4, 0, -2}, 2))
        .isDeepEqualTo(new float[][] {{0.6f, 0.8f}, {0, -1}});
  }

  /** Of length 1, in this direction. */
  private static float[] at(double degrees) {
    double angle = Math.toRadians(degrees);
    return new float[] {(float) Math.cos(angle), (float) Math.sin(angle)};
  }
}
