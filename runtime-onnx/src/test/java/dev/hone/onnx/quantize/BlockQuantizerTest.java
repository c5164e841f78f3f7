package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.onnx.quantize.BlockQuantizer.Method;
import java.util.Arrays;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BlockQuantizerTest {
  private static BlockedMatrix columns(BlockQuantizer quantizer, float[] weights, int columns) {
    return quantizer.rows(MatrixRows.columnsOf(weights, columns), null);
  }

  @Test
  void blocksRunDownTheColumnsLowNibbleFirst() {
    // Column 0 counts 0..15, which four bits hold exactly; column 1 is its double.
    float[] weights = new float[32];
    for (int i = 0; i < 16; i++) {
      weights[2 * i] = i;
      weights[2 * i + 1] = 2 * i;
    }
    BlockedMatrix q = columns(new BlockQuantizer(Method.ROUND_TO_NEAREST, 4, 16), weights, 2);
    assertThat(q.rows()).isEqualTo(2);
    assertThat(q.columns()).isEqualTo(16);
    assertThat(q.codes()).hasSize(16).startsWith(0x10, 0x32, 0x54, 0x76);
    assertThat(q.scales()).containsExactly(1, 2);
    assertThat(q.zeroPoints()).containsExactly(0, 0);
  }

  @Test
  void zeroPointsOfOneColumnShareBytes() {
    float[] weights = new float[48];
    Arrays.fill(weights, 0, 16, -1); // zero point 15
    Arrays.fill(weights, 16, 32, 1); // zero point 0
    Arrays.fill(weights, 32, 48, -1);
    BlockedMatrix q = columns(new BlockQuantizer(Method.ROUND_TO_NEAREST, 4, 16), weights, 1);
    assertThat(q.zeroPoints()).containsExactly(0x0f, 0x0f);
    assertThat(q.dequantize()).containsExactly(weights);
  }

  @Test
  void aBlockThatIsNotFullIsContinuedWithZero() {
    float[] weights = new float[20];
    Arrays.fill(weights, -3);
    BlockedMatrix q = columns(new BlockQuantizer(Method.ROUND_TO_NEAREST, 8, 16), weights, 1);
    assertThat(q.blocksPerRow()).isEqualTo(2);
    assertThat(q.codes()).hasSize(32);
    // Codes of -3 are 0; the twelve that fill the second block are its zero point, 255.
    assertThat(q.codes()[19]).isZero();
    assertThat(q.codes()[20]).isEqualTo((byte) 255);
    assertThat(q.dequantize()).hasSize(20).containsOnly(-3);
  }

  @Test
  void symmetricBlocksNeedNoZeroPoints() {
    float[] weights = ChannelQuantizerTest.gaussian(64, 3);
    BlockedMatrix q =
        new BlockQuantizer(Method.SYMMETRIC, 8, 32).rows(MatrixRows.rowsOf(weights, 32), null);
    assertThat(q.zeroPoints()).isNull();
    assertThat(SignalToNoise.decibels(weights, q.dequantize())).isGreaterThan(40);
  }

  @Test
  void aTableKeepsItsRows() {
    float[] table = ChannelQuantizerTest.gaussian(5 * 48, 4);
    BlockedMatrix q =
        new BlockQuantizer(Method.ROUND_TO_NEAREST, 8, 16).rows(MatrixRows.rowsOf(table, 48), null);
    assertThat(q.rows()).isEqualTo(5);
    assertThat(q.scales()).hasSize(15);
    assertThat(SignalToNoise.decibels(table, q.dequantize())).isGreaterThan(44);
  }

  /** Against the default of ONNX Runtime's quantizer, and against the best without a search. */
  @Test
  void kQuantBeatsRoundToNearestOnWeightsWithOutliers() {
    float[] weights = withOutliers(64 * 1024, 5);
    double searched = meanSquareError(weights, Method.K_QUANT, 4);
    assertThat(searched).isLessThan(0.65 * meanSquareError(weights, Method.SYMMETRIC, 4));
    assertThat(searched).isLessThan(0.95 * meanSquareError(weights, Method.ROUND_TO_NEAREST, 4));
  }

  @Test
  void kQuantBeatsRoundToNearestOnNormalWeights() {
    float[] weights = ChannelQuantizerTest.gaussian(64 * 1024, 5);
    double searched = meanSquareError(weights, Method.K_QUANT, 4);
    assertThat(searched).isLessThan(0.85 * meanSquareError(weights, Method.SYMMETRIC, 4));
    assertThat(searched).isLessThan(0.92 * meanSquareError(weights, Method.ROUND_TO_NEAREST, 4));
  }

  @Test
  void kQuantSparesTheWeightsThatMatter() {
    float[] weights = ChannelQuantizerTest.gaussian(1024, 8);
    float[] importance = new float[1024];
    for (int i = 0; i < importance.length; i++) {
      importance[i] = i % 8 == 0 ? 10 : 0.1f;
    }
    BlockQuantizer quantizer = new BlockQuantizer(Method.K_QUANT, 4, 32);
    float[] plain = columns(quantizer, weights, 1).dequantize();
    float[] aware = quantizer.rows(MatrixRows.columnsOf(weights, 1), importance).dequantize();
    double plainMiss = 0;
    double awareMiss = 0;
    for (int i = 0; i < weights.length; i += 8) {
      plainMiss += Math.pow(weights[i] - plain[i], 2);
      awareMiss += Math.pow(weights[i] - aware[i], 2);
    }
    assertThat(awareMiss).isLessThan(0.6 * plainMiss);
  }

  @Test
  void halfQuadraticForgivesOutliers() {
    float[] weights = withOutliers(16 * 1024, 6);
    double nearest = smallNormLoss(weights, Method.ROUND_TO_NEAREST);
    assertThat(smallNormLoss(weights, Method.HALF_QUADRATIC)).isLessThan(0.97 * nearest);
  }

  private static double smallNormLoss(float[] weights, Method method) {
    float[] back = columns(new BlockQuantizer(method, 4, 32), weights, 1).dequantize();
    double sum = 0;
    for (int i = 0; i < back.length; i++) {
      sum += Math.pow(Math.abs(weights[i] - back[i]), 0.7);
    }
    return sum;
  }

  static double meanSquareError(float[] weights, Method method, int bits) {
    float[] back = columns(new BlockQuantizer(method, bits, 32), weights, 1).dequantize();
    double sum = 0;
    for (int i = 0; i < back.length; i++) {
      sum += ((double) weights[i] - back[i]) * ((double) weights[i] - back[i]);
    }
    return sum / back.length;
  }

  /** Normal weights, one in fifty of them five times as wide. */
  static float[] withOutliers(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * (random.nextInt(50) == 0 ? 0.25 : 0.05));
    }
    return values;
  }

  @ParameterizedTest
  @EnumSource
  void aBlockOfZerosStaysZero(Method method) {
    float[] back = columns(new BlockQuantizer(method, 4, 16), new float[32], 2).dequantize();
    assertThat(back).containsOnly(0);
  }

  @ParameterizedTest
  @EnumSource
  void theMethodsAreIndifferentToTheUnits(Method method) {
    float[] weights = withOutliers(256, 7);
    float[] scaled = weights.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= 1024;
    }
    BlockQuantizer quantizer = new BlockQuantizer(method, 4, 32);
    assertThat(columns(quantizer, scaled, 1).codes())
        .isEqualTo(columns(quantizer, weights, 1).codes());
  }

  @Property(tries = 200)
  void kQuantIsNeverWorseInItsOwnMeasure(@ForAll @IntRange(max = 1_000_000) int seed) {
    float[] block = withOutliers(32, seed);
    assertThat(squareError(block, BlockQuantizer.fit(Method.K_QUANT, block, 4)))
        .isLessThanOrEqualTo(
            squareError(block, BlockQuantizer.fit(Method.ROUND_TO_NEAREST, block, 4)) * (1 + 1e-9));
  }

  private static double squareError(float[] block, BlockFit.Fit fit) {
    double sum = 0;
    for (int i = 0; i < block.length; i++) {
      double miss = fit.value(i) - block[i];
      sum += miss * miss;
    }
    return sum;
  }

  @Property(tries = 200)
  void everyWeightInsideItsRangeIsWithinOneStep(@ForAll @IntRange(max = 1_000_000) int seed) {
    float[] block = withOutliers(16, seed);
    BlockFit.Fit fit = BlockQuantizer.fit(Method.ROUND_TO_NEAREST, block, 8);
    for (int i = 0; i < block.length; i++) {
      assertThat(fit.value(i)).isCloseTo(block[i], within(fit.scale() * 1.0001f));
    }
  }

  @Test
  void whatTheKernelsDoNotKnowIsRefused() {
    assertThatThrownBy(() -> new BlockQuantizer(Method.K_QUANT, 3, 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("4 or 8 bits an element, not 3");
    assertThatThrownBy(() -> new BlockQuantizer(Method.K_QUANT, 4, 24))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("power of two of at least 16, but is 24");
  }

  @Test
  void codesOfLargeMatricesAreFound() {
    BlockedMatrix large =
        new BlockedMatrix(8, 32, 1 << 16, 1 << 14, new byte[0], new float[0], null);
    assertThat(large.codesOf(0)).isZero();
    assertThat(large.codesOf((1 << 25) - 1)).isEqualTo((1 << 30) - 32);
  }
}
