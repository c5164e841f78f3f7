package dev.hone.onnx.quantize;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class ConvWeightsTest {
  private static final int INPUTS = 16;
  private static final int TAPS = 9;
  private static final ConvShape SHAPE = new ConvShape(2, INPUTS, TAPS, 1);

  /** What the integers stand for when every input channel is at its mean, for output m. */
  private static double atTheMean(ConvWeights made, float[] means, ChannelAffine input, int m) {
    double sum = made.bias()[m];
    for (int i = 0; i < SHAPE.weightsPerOutput(); i++) {
      int channel = SHAPE.inputOf(m * SHAPE.weightsPerOutput() + i);
      double steps = means[channel] / input.scales()[channel];
      sum += made.values()[m * SHAPE.weightsPerOutput() + i] * steps;
    }
    return sum * made.scales()[m];
  }

  @Test
  void roundingTheWeightsTakesNothingFromAnOutputOnAverage() {
    Random random = new Random(7);
    float[] weights = new float[2 * INPUTS * TAPS];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = (float) random.nextGaussian();
    }
    float[] means = new float[INPUTS];
    float[] scales = new float[INPUTS];
    for (int c = 0; c < INPUTS; c++) {
      means[c] = 1 + random.nextFloat();
      scales[c] = 0.01f * (1 + random.nextFloat());
    }
    ChannelAffine input = new ChannelAffine(scales, new int[INPUTS]);
    ChannelAffine output = new ChannelAffine(new float[] {0.5f, 0.5f}, new int[] {3, 3});
    float[] bias = {0.25f, -4};

    ConvWeights made = ConvWeights.of(SHAPE, weights, bias, means, input, output);

    for (int m = 0; m < 2; m++) {
      double exact = bias[m];
      for (int i = 0; i < SHAPE.weightsPerOutput(); i++) {
        int index = m * SHAPE.weightsPerOutput() + i;
        exact += weights[index] * means[SHAPE.inputOf(index)];
      }
      double step = made.scales()[m];
      assertThat(atTheMean(made, means, input, m)).isCloseTo(exact / 0.5, within(step));
    }
  }
}
