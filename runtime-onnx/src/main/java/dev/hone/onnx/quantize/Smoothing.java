package dev.hone.onnx.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Divisors for the channels of a value that a few loud channels keep from fine steps.
 *
 * <p>One step serves all channels, so a channel that reaches ten times as far as the others makes
 * their steps ten times too wide. Dividing it by s and multiplying its row of the weights by s moves
 * the difficulty to the weights, which have a step for each column (G. Xiao et al., SmoothQuant,
 * 2023). Here the divisors are
 *
 * <pre>
 *   s_i = max(1, max|x_i| / T)^a
 * </pre>
 *
 * with T one of the channels' own maxima and a one of 1/4, 1/2, 3/4 and 1, and of all these the
 * ones with the least error {@link DenseNoise}: no layer gets worse by the model's own estimate.
 */
final class Smoothing {
  private Smoothing() {}

  /**
   * What was found.
   *
   * @param divisors s
   * @param gain how many times smaller the mean square error is than without, at least 1
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Found(float[] divisors, double gain) {}

  /** The best divisors for a value of known channels. */
  static Found search(DenseInput input, DenseNoise noise) {
    int channels = input.lo().length;
    float[] best = DenseNoise.ones(channels);
    double without = noise.of(best);
    double least = without;
    for (Candidate candidate : candidates(input, noise)) {
      if (candidate.atLeast >= least) {
        break; // and so are all that follow
      }
      double error = noise.of(candidate.divisors(input));
      if (error < least) {
        least = error;
        best = candidate.divisors(input);
      }
    }
    return new Found(best, least == 0 ? 1 : without / least);
  }

  /** All candidates, the most promising first. */
  private static List<Candidate> candidates(DenseInput input, DenseNoise noise) {
    float[] reaches = new float[input.lo().length];
    for (int i = 0; i < reaches.length; i++) {
      reaches[i] = input.reach(i);
    }
    Arrays.sort(reaches);
    List<Candidate> candidates = new ArrayList<>();
    for (int i = reaches.length - 2; i >= 0 && reaches[i] > 0; i--) {
      if (reaches[i] < reaches[i + 1]) {
        for (int quarters = 1; quarters <= 4; quarters++) {
          Candidate candidate = new Candidate(reaches[i], quarters, 0);
          candidates.add(
              new Candidate(reaches[i], quarters, noise.atLeast(candidate.divisors(input))));
        }
      }
    }
    candidates.sort(Comparator.comparingDouble(Candidate::atLeast));
    return candidates;
  }

  /** T, a in quarters, and the least error that they can have. */
  private record Candidate(float threshold, int quarters, double atLeast) {
    float[] divisors(DenseInput input) {
      float[] divisors = DenseNoise.ones(input.lo().length);
      for (int i = 0; i < divisors.length; i++) {
        if (input.reach(i) > threshold) {
          double ratio = input.reach(i) / threshold;
          double root = Math.sqrt(ratio);
          double power =
              switch (quarters) {
                case 1 -> Math.sqrt(root);
                case 2 -> root;
                case 3 -> root * Math.sqrt(root);
                default -> ratio;
              };
          divisors[i] = (float) power;
        }
      }
      return divisors;
    }
  }
}
