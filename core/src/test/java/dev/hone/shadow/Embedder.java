package dev.hone.shadow;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.Session;
import dev.hone.Signature;
import dev.hone.Signature.Dimension;
import dev.hone.Signature.Value;
import dev.hone.Tensor;
import dev.hone.fake.FakeModel;
import java.util.List;
import java.util.Random;

/** A model that maps vectors to directions, whose weights can be harmed. */
final class Embedder {
  static final int INPUTS = 24;
  static final int OUTPUTS = 32;
  static final Signature SIGNATURE =
      new Signature(
          List.of(Value.tensor("x", DataType.FLOAT32, Dimension.of("rows"), Dimension.of(INPUTS))),
          List.of(
              Value.tensor("y", DataType.FLOAT32, Dimension.of("rows"), Dimension.of(OUTPUTS))));

  private final float[][] weights;

  private Embedder(float[][] weights) {
    this.weights = weights;
  }

  static Embedder random(long seed) {
    return new Embedder(gaussian(new Random(seed), OUTPUTS, INPUTS));
  }

  static float[][] gaussian(Random random, int rows, int columns) {
    float[][] values = new float[rows][columns];
    for (float[] row : values) {
      for (int i = 0; i < columns; i++) {
        row[i] = (float) random.nextGaussian();
      }
    }
    return values;
  }

  /** With noise of this size on each weight, independent of the weights of any seed. */
  Embedder noised(double size, long seed) {
    float[][] noise = gaussian(new Random(~seed), OUTPUTS, INPUTS);
    for (int i = 0; i < OUTPUTS; i++) {
      for (int j = 0; j < INPUTS; j++) {
        noise[i][j] = (float) (weights[i][j] + size * noise[i][j]);
      }
    }
    return new Embedder(noise);
  }

  /** With weights of so many bits. */
  Embedder rounded(int bits) {
    float[][] rounded = new float[OUTPUTS][INPUTS];
    for (int i = 0; i < OUTPUTS; i++) {
      float largest = 0;
      for (float weight : weights[i]) {
        largest = Math.max(largest, Math.abs(weight));
      }
      float scale = largest / ((1 << (bits - 1)) - 1);
      for (int j = 0; j < INPUTS; j++) {
        rounded[i][j] = Math.round(weights[i][j] / scale) * scale;
      }
    }
    return new Embedder(rounded);
  }

  float[] embed(float[] x) {
    float[] y = new float[OUTPUTS];
    for (int i = 0; i < OUTPUTS; i++) {
      float sum = 0;
      for (int j = 0; j < INPUTS; j++) {
        sum += weights[i][j] * x[j];
      }
      y[i] = (float) Math.tanh(sum / 4);
    }
    return y;
  }

  Session open() {
    return Session.open(FakeModel.of(SIGNATURE, this::run));
  }

  private Batch run(Batch in) {
    float[][] x = in.get("x").toFloatMatrix();
    float[][] y = new float[x.length][];
    for (int i = 0; i < x.length; i++) {
      y[i] = embed(x[i]);
    }
    return Batch.of("y", x.length == 0 ? Tensor.of(new float[0], 0, OUTPUTS) : Tensor.of(y));
  }

  /** The share of points whose nearest neighbour among the others, by angle, is another one. */
  double flippedNeighbours(Embedder other, float[][] points) {
    float[][] mine = new float[points.length][];
    float[][] theirs = new float[points.length][];
    for (int i = 0; i < points.length; i++) {
      mine[i] = unit(embed(points[i]));
      theirs[i] = unit(other.embed(points[i]));
    }
    int flipped = 0;
    for (int i = 0; i < points.length; i++) {
      flipped += nearest(mine, i) == nearest(theirs, i) ? 0 : 1;
    }
    return (double) flipped / points.length;
  }

  private static float[] unit(float[] values) {
    double square = 0;
    for (float value : values) {
      square += (double) value * value;
    }
    float[] unit = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      unit[i] = (float) (values[i] / Math.sqrt(square));
    }
    return unit;
  }

  private static int nearest(float[][] points, int to) {
    int nearest = -1;
    float best = Float.NEGATIVE_INFINITY;
    for (int i = 0; i < points.length; i++) {
      float dot = 0;
      for (int j = 0; j < OUTPUTS; j++) {
        dot += points[i][j] * points[to][j];
      }
      if (i != to && dot > best) {
        best = dot;
        nearest = i;
      }
    }
    return nearest;
  }
}
