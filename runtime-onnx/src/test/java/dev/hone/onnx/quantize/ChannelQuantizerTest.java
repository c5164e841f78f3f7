package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.onnx.quantize.ChannelQuantizer.Granularity;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ChannelQuantizerTest {
  private static final float[] TWO_COLUMNS = {1, 100, -2, 50, 0.5f, -25};

  @Test
  void everyColumnHasItsOwnScale() {
    QuantizedMatrix q =
        ChannelQuantizer.symmetric(TWO_COLUMNS, 2, Granularity.COLUMN, Grid.INT8_SYMMETRIC);
    assertThat(q.scales()).containsExactly(4f / 254, 200f / 254);
    assertThat(q.values()).containsExactly(64, 127, -127, 64, 32, -32);
    assertThat(q.zeroPoints()).containsOnly(0);
  }

  @Test
  void everyRowHasItsOwnScale() {
    QuantizedMatrix q =
        ChannelQuantizer.symmetric(TWO_COLUMNS, 2, Granularity.ROW, Grid.INT8_SYMMETRIC);
    assertThat(q.scales()).containsExactly(200f / 254, 100f / 254, 50f / 254);
    assertThat(q.rows()).isEqualTo(3);
  }

  @Test
  void gaussianWeightsPerColumnReachFortyDecibels() {
    float[] weights = gaussian(256 * 64, 1);
    QuantizedMatrix q =
        ChannelQuantizer.symmetric(weights, 64, Granularity.COLUMN, Grid.INT8_SYMMETRIC);
    assertThat(SignalToNoise.decibels(weights, q.dequantize())).isBetween(40.0, 46.0);
  }

  @Test
  void sevenBitsStayWithinSixtyFour() {
    QuantizedMatrix q =
        ChannelQuantizer.symmetric(gaussian(4096, 2), 64, Granularity.COLUMN, Grid.INT8_REDUCED);
    for (byte value : q.values()) {
      assertThat((int) value).isBetween(-64, 64);
    }
  }

  @Test
  void aWeightThatIsNotFiniteIsNamed() {
    assertThatThrownBy(
            () ->
                ChannelQuantizer.symmetric(
                    new float[] {1, 2, 3, Float.NaN}, 2, Granularity.COLUMN, Grid.INT8_SYMMETRIC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("row 1, column 1 is NaN");
  }

  @Test
  void aRaggedMatrixIsRefused() {
    assertThatThrownBy(
            () -> ChannelQuantizer.symmetric(new float[5], 2, Granularity.ROW, Grid.INT8_SYMMETRIC))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("5 weights do not make rows of 2 columns");
  }

  static float[] gaussian(int count, long seed) {
    Random random = new Random(seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }
}
