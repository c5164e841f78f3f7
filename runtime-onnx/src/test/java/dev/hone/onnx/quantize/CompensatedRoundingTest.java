package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.Arrays;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CompensatedRoundingTest {
  private static final int CHANNELS = 48;
  private static final int COLUMNS = 20;
  private static final Grid GRID = Grid.INT8_SYMMETRIC;

  /** Rows of channels that share a few causes, each channel with noise of its own. */
  private static double[][] rows(Random random, int count, int causes, double noise) {
    double[][] mix = new double[causes][CHANNELS];
    for (double[] line : mix) {
      Arrays.setAll(line, i -> random.nextGaussian());
    }
    double[][] rows = new double[count][CHANNELS];
    for (double[] row : rows) {
      for (double[] line : mix) {
        double strength = random.nextGaussian() + 0.5;
        for (int i = 0; i < CHANNELS; i++) {
          row[i] += strength * line[i];
        }
      }
      for (int i = 0; i < CHANNELS; i++) {
        row[i] += noise * random.nextGaussian();
      }
    }
    return rows;
  }

  private static double[] gram(double[][] rows, float[] divisors) {
    double[] gram = new double[CHANNELS * CHANNELS];
    for (double[] row : rows) {
      for (int i = 0; i < CHANNELS; i++) {
        for (int j = 0; j < CHANNELS; j++) {
          gram[i * CHANNELS + j] += row[i] / divisors[i] * row[j] / divisors[j];
        }
      }
    }
    return gram;
  }

  private static float[] weights(Random random) {
    float[] weights = new float[CHANNELS * COLUMNS];
    for (int k = 0; k < weights.length; k++) {
      weights[k] = (float) random.nextGaussian();
    }
    return weights;
  }

  private static float[] ones() {
    float[] ones = new float[CHANNELS];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static CompensatedRounding rounding(double[] gram, float[] divisors) {
    return Objects.requireNonNull(CompensatedRounding.of(gram, divisors));
  }

  /** The squares of what the outputs are off by, over all rows. */
  private static double loss(double[][] rows, float[] weights, QuantizedMatrix matrix) {
    float[] rounded = matrix.dequantize();
    double loss = 0;
    for (double[] row : rows) {
      for (int j = 0; j < COLUMNS; j++) {
        double off = 0;
        for (int i = 0; i < CHANNELS; i++) {
          off += row[i] * (rounded[i * COLUMNS + j] - weights[i * COLUMNS + j]);
        }
        loss += off * off;
      }
    }
    return loss;
  }

  private static QuantizedMatrix nearest(float[] weights) {
    return ChannelQuantizer.symmetric(weights, COLUMNS, Granularity.COLUMN, GRID);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void outputsOfCorrelatedInputsLoseFarLessThanByRoundingToNearest(long seed) {
    Random random = new Random(seed);
    double[][] rows = rows(random, 300, 6, 0.3);
    float[] weights = weights(random);
    QuantizedMatrix matrix = rounding(gram(rows, ones()), ones()).quantize(weights, COLUMNS, GRID);
    assertThat(loss(rows, weights, matrix)).isLessThan(0.5 * loss(rows, weights, nearest(weights)));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void rowsThatWereNotSeenGainToo(long seed) {
    Random random = new Random(seed);
    double[][] all = rows(random, 600, 6, 0.3);
    double[][] seen = Arrays.copyOf(all, 300);
    double[][] unseen = Arrays.copyOfRange(all, 300, 600);
    float[] weights = weights(random);
    QuantizedMatrix matrix = rounding(gram(seen, ones()), ones()).quantize(weights, COLUMNS, GRID);
    assertThat(loss(unseen, weights, matrix))
        .isLessThan(0.6 * loss(unseen, weights, nearest(weights)));
  }

  @Test
  void inputsThatHaveNothingToDoWithEachOtherAreRoundedToNearest() {
    double[] diagonal = new double[CHANNELS * CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      diagonal[i * CHANNELS + i] = i + 1;
    }
    float[] weights = weights(new Random(3));
    QuantizedMatrix matrix = rounding(diagonal, ones()).quantize(weights, COLUMNS, GRID);
    assertThat(matrix.values()).isEqualTo(nearest(weights).values());
    assertThat(matrix.scales()).isEqualTo(nearest(weights).scales());
    assertThat(matrix.zeroPoints()).isEqualTo(nearest(weights).zeroPoints());
  }

  @Test
  void theLossIsTheOneThatTheDerivationPromises() {
    Random random = new Random(11);
    double[][] rows = rows(random, 200, 5, 0.5);
    double[] gram = gram(rows, ones());
    float[] weights = weights(random);
    QuantizedMatrix matrix = rounding(gram, ones()).quantize(weights, COLUMNS, GRID);
    double bound = 0;
    double energy = Arrays.stream(pivots(gram)).sum();
    for (float scale : matrix.scales()) {
      bound += scale * scale / 4 * energy;
    }
    assertThat(loss(rows, weights, matrix)).isLessThan(bound);
  }

  /** D of the damped matrix, by the textbook: determinants of leading blocks, one by another. */
  private static double[] pivots(double[] gram) {
    double mean = 0;
    for (int i = 0; i < CHANNELS; i++) {
      mean += gram[i * CHANNELS + i] / CHANNELS;
    }
    double damping = 0.1 * mean;
    Integer[] order = new Integer[CHANNELS];
    Arrays.setAll(order, i -> i);
    // The last channel in the order is eliminated first: that of least energy.
    Arrays.sort(
        order, (i, j) -> Double.compare(gram[i * (CHANNELS + 1)], gram[j * (CHANNELS + 1)]));
    double[][] left = new double[CHANNELS][CHANNELS];
    for (int i = 0; i < CHANNELS; i++) {
      for (int j = 0; j < CHANNELS; j++) {
        left[i][j] = gram[order[i] * CHANNELS + order[j]] + (i == j ? damping : 0);
      }
    }
    double[] pivots = new double[CHANNELS];
    for (int k = 0; k < CHANNELS; k++) {
      pivots[k] = left[k][k];
      for (int i = k + 1; i < CHANNELS; i++) {
        double factor = left[i][k] / left[k][k];
        for (int j = k; j < CHANNELS; j++) {
          left[i][j] -= factor * left[k][j];
        }
      }
    }
    return pivots;
  }

  @Test
  void dividedInputsAreUnderstood() {
    Random random = new Random(5);
    double[][] rows = rows(random, 300, 6, 0.3);
    float[] divisors = new float[CHANNELS];
    float[] weights = weights(random);
    float[] scaled = weights.clone();
    for (int i = 0; i < CHANNELS; i++) {
      divisors[i] = 0.25f + random.nextFloat();
      for (int j = 0; j < COLUMNS; j++) {
        scaled[i * COLUMNS + j] *= divisors[i];
      }
    }
    byte[] told = rounding(gram(rows, ones()), divisors).quantize(scaled, COLUMNS, GRID).values();
    byte[] seen = rounding(gram(rows, divisors), ones()).quantize(scaled, COLUMNS, GRID).values();
    int differing = 0;
    for (int k = 0; k < told.length; k++) {
      differing += told[k] == seen[k] ? 0 : 1;
    }
    assertThat(differing).isLessThan(5); // sums in another order may tip a tie
  }

  @Test
  void inputsOfNoFullRankAndDeadChannelsAreFine() {
    Random random = new Random(7);
    double[][] rows = rows(random, 3, 2, 0);
    for (double[] row : rows) {
      row[5] = 0;
      row[6] = row[7];
    }
    float[] weights = weights(random);
    Arrays.fill(weights, 10 * COLUMNS, 11 * COLUMNS, 0);
    QuantizedMatrix matrix = rounding(gram(rows, ones()), ones()).quantize(weights, COLUMNS, GRID);
    assertThat(loss(rows, weights, matrix)).isLessThan(0.3 * loss(rows, weights, nearest(weights)));
    for (float weight : matrix.dequantize()) {
      assertThat(weight).isFinite();
    }
  }

  @Test
  void anInputThatWasAlways0TellsNothing() {
    assertThat(CompensatedRounding.of(new double[CHANNELS * CHANNELS], ones())).isNull();
  }

  @Test
  void noIntegerLeavesTheGrid() {
    Random random = new Random(9);
    float[] weights = weights(random);
    double[] gram = gram(rows(random, 50, 1, 0.01), ones());
    for (byte value : rounding(gram, ones()).quantize(weights, COLUMNS, GRID).values()) {
      assertThat((int) value).isBetween(GRID.min(), GRID.max());
    }
  }

  @Test
  void whatDoesNotFitIsRefused() {
    assertThatThrownBy(() -> CompensatedRounding.of(new double[3], new float[2]))
        .hasMessageContaining("2 channels")
        .hasMessageContaining("4, not 3");
    CompensatedRounding two = rounding(new double[] {1, 0, 0, 1}, new float[] {1, 1});
    assertThatThrownBy(() -> two.quantize(new float[9], 3, GRID))
        .hasMessageContaining("2 channels meets 3 rows");
  }
}
