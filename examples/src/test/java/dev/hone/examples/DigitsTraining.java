package dev.hone.examples;

import dev.hone.examples.Tabular.Digit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Trains the network of {@link Tabular}: 64 inputs, {@value #HIDDEN} hidden units with ReLU, 10
 * outputs with softmax.
 *
 * <p>Stochastic gradient descent with momentum on the cross entropy, one row at a time. For a row x
 * with hidden values h = max(0, V x + c) and outputs p = softmax(W h + d), the gradient at the
 * outputs is p - t, where t is 1 for the right digit and 0 elsewhere; at the hidden units it is the
 * transpose of W times that, where h is positive (Goodfellow, Bengio, Courville: Deep Learning,
 * section 6.5). Only {@link StrictMath} and a seeded {@link Random}: every machine gets the same
 * weights, bit by bit.
 */
final class DigitsTraining {
  static final int HIDDEN = 256;
  private static final int EPOCHS = 40;
  private static final float MOMENTUM = 0.9f;

  final Layer first;
  final Layer second;

  private final float[] hidden = new float[HIDDEN];
  private final float[] probabilities = new float[10];

  private DigitsTraining(Random random) {
    first = new Layer(64, HIDDEN, random);
    second = new Layer(HIDDEN, 10, random);
  }

  /** A network that learned these rows. */
  static DigitsTraining on(List<Digit> rows) {
    Random random = new Random(7);
    DigitsTraining network = new DigitsTraining(random);
    List<Digit> shuffled = new ArrayList<>(rows);
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
      float rate = 0.01f * (EPOCHS - epoch) / EPOCHS;
      Collections.shuffle(shuffled, random);
      shuffled.forEach(row -> network.learn(row, rate));
    }
    return network;
  }

  private void learn(Digit row, float rate) {
    float[] pixels = new float[64];
    for (int i = 0; i < pixels.length; i++) {
      pixels[i] = row.pixels()[i] / 16;
    }
    first.apply(pixels, hidden);
    for (int i = 0; i < HIDDEN; i++) {
      hidden[i] = Math.max(0, hidden[i]);
    }
    second.apply(hidden, probabilities);
    softmax(probabilities);

    float[] outputGradient = probabilities;
    outputGradient[(int) row.label()] -= 1;
    float[] hiddenGradient = second.gradientAtInput(outputGradient);
    for (int i = 0; i < HIDDEN; i++) {
      hiddenGradient[i] = hidden[i] > 0 ? hiddenGradient[i] : 0;
    }
    second.step(hidden, outputGradient, rate);
    first.step(pixels, hiddenGradient, rate);
  }

  private static void softmax(float[] values) {
    float largest = Float.NEGATIVE_INFINITY;
    for (float value : values) {
      largest = Math.max(largest, value);
    }
    float sum = 0;
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) StrictMath.exp(values[i] - largest);
      sum += values[i];
    }
    for (int i = 0; i < values.length; i++) {
      values[i] /= sum;
    }
  }

  /** Weights by output and input, and biases. */
  static final class Layer {
    final float[][] weights;
    final float[] biases;
    private final float[][] weightSpeed;
    private final float[] biasSpeed;

    Layer(int inputs, int outputs, Random random) {
      weights = new float[outputs][inputs];
      biases = new float[outputs];
      weightSpeed = new float[outputs][inputs];
      biasSpeed = new float[outputs];
      float spread = (float) StrictMath.sqrt(6.0 / inputs); // He et al. 2015, for ReLU
      for (float[] row : weights) {
        for (int i = 0; i < inputs; i++) {
          row[i] = (2 * random.nextFloat() - 1) * spread;
        }
      }
    }

    void apply(float[] input, float[] output) {
      for (int o = 0; o < output.length; o++) {
        float sum = biases[o];
        for (int i = 0; i < input.length; i++) {
          sum += weights[o][i] * input[i];
        }
        output[o] = sum;
      }
    }

    float[] gradientAtInput(float[] outputGradient) {
      float[] gradient = new float[weights[0].length];
      for (int o = 0; o < outputGradient.length; o++) {
        for (int i = 0; i < gradient.length; i++) {
          gradient[i] += weights[o][i] * outputGradient[o];
        }
      }
      return gradient;
    }

    void step(float[] input, float[] outputGradient, float rate) {
      for (int o = 0; o < outputGradient.length; o++) {
        float[] speed = weightSpeed[o];
        for (int i = 0; i < input.length; i++) {
          speed[i] = MOMENTUM * speed[i] - rate * outputGradient[o] * input[i];
          weights[o][i] += speed[i];
        }
        biasSpeed[o] = MOMENTUM * biasSpeed[o] - rate * outputGradient[o];
        biases[o] += biasSpeed[o];
      }
    }
  }
}
