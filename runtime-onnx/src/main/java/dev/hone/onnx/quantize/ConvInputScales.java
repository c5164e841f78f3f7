package dev.hone.onnx.quantize;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Chooses the scale of each channel of values that convolutions read as bytes.
 *
 * <p>A kernel knows one scale and one zero point for its input. Scales for each channel cost
 * nothing all the same: with {@code x_c = s_c (q_c - z)} and integer weights for {@code w'_mc =
 * w_mc s_c},
 *
 * <pre>
 *   y_m = Σ_c w_mc x_c = Σ_c w'_mc (q_c - z)
 * </pre>
 *
 * so the scales move into the weights (SmoothQuant, Xiao et al., 2023, does the same for matrix
 * products). The zero point must be one for all, since it is what borders are padded with. Values
 * that are added to each other share their scales, but each has its own zero point.
 *
 * <p><b>Noise.</b> Rounding x adds {@code s_c² / 12} to each of its numbers. Rounding the weights
 * of output m, whose step is {@code t_m = max |w'_mc| / 127}, adds {@code t_m² / 12} for each
 * weight, times the mean square of what it is multiplied with. Over all outputs, with {@code E_c}
 * the mean square of channel c,
 *
 * <pre>
 *   noise = 1/12 ( Σ_m Σ_c w_mc² s_c²  +  Σ_m t_m² Σ_c E_c / s_c² )
 * </pre>
 *
 * A small s_c is good for the activations, but gives channels of small range weights that drown in
 * the step of their output. With {@code r_c} the scale that just covers channel c and {@code r} the
 * greatest of them, the family {@code s_c = r_c^a r^(1-a)} leads from one scale for all (a = 0) to
 * each channel's own (a = 1). r_c depends on the zero point: that of the range of all channels
 * spends few integers on the side where one channel reaches far beyond the others, so larger ones
 * are tried, too. What has the least noise is taken, but one scale for all if that is nearly as
 * good, because conversions are faster then.
 */
final class ConvInputScales {
  private static final int EXPONENT_STEPS = 4;
  private static final int ZERO_POINT_DOUBLINGS = 5;
  private static final int MIDDLE = 128;
  private static final float LEAST_SHARE = 1e-4f;
  private static final double NEARLY = 1.26; // 1 dB

  private final List<ChannelRanges> values;
  private final List<Reader> readers;
  private double least = Double.POSITIVE_INFINITY;
  private List<ChannelAffine> best = List.of();

  private ConvInputScales(List<ChannelRanges> values, List<Reader> readers) {
    this.values = values;
    this.readers = readers;
  }

  /**
   * A convolution that reads one of the values.
   *
   * @param shape how its weights are laid out
   * @param weights its weights
   * @param meanSquare the mean square of each channel of what it reads
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Reader(ConvShape shape, float[] weights, float[] meanSquare) {}

  /**
   * Chooses for values that share their scales.
   *
   * @param values the ranges of each, all of the same channels
   * @param readers who reads any of them
   */
  static List<ChannelAffine> choose(List<ChannelRanges> values, List<Reader> readers) {
    ConvInputScales search = new ConvInputScales(values, readers);
    search.tryScales(1, 0);
    search.least /= NEARLY;
    for (int doubling = 0; doubling < ZERO_POINT_DOUBLINGS; doubling++) {
      for (int step = 1; step <= EXPONENT_STEPS; step++) {
        search.tryScales(1 << doubling, step / (double) EXPONENT_STEPS);
      }
    }
    return search.best;
  }

  /** One scale for all channels of all values, for kernels that know no other. */
  static List<ChannelAffine> uniform(List<ChannelRanges> values) {
    ConvInputScales search = new ConvInputScales(values, List.of());
    search.tryScales(1, 0);
    return search.best;
  }

  private void tryScales(int factor, double exponent) {
    int[] zeroPoints = new int[values.size()];
    float[] covering = new float[values.get(0).channels()];
    for (int v = 0; v < zeroPoints.length; v++) {
      zeroPoints[v] = zeroPoint(values.get(v), factor);
      cover(values.get(v), zeroPoints[v], covering);
    }
    float[] scales = blend(covering, exponent);
    double noise = readers.stream().mapToDouble(reader -> noise(reader, scales)).sum();
    if (best.isEmpty() || noise < least) {
      least = noise;
      best = new ArrayList<>();
      for (int zeroPoint : zeroPoints) {
        int[] points = new int[scales.length];
        Arrays.fill(points, zeroPoint);
        best.add(new ChannelAffine(scales, points));
      }
    }
  }

  /** The zero point of the range that holds all channels, times a factor, up to the middle. */
  private static int zeroPoint(ChannelRanges ranges, int factor) {
    ChannelRanges whole = ranges.forChannels(1);
    int own = Affine.asymmetric(whole.min()[0], whole.max()[0], Grid.UINT8).zeroPoint();
    boolean negative = whole.min()[0] < 0;
    int raised = Math.min(Math.max(own, negative ? 1 : 0) * factor, MIDDLE);
    return Math.max(own, raised);
  }

  /** Raises scales until the range of each channel fits around the zero point. */
  private static void cover(ChannelRanges ranges, int zeroPoint, float[] scales) {
    for (int c = 0; c < scales.length; c++) {
      float up = Math.max(0, ranges.max()[c]) / Math.max(1, Grid.UINT8.max() - zeroPoint);
      float down = Math.max(0, -ranges.min()[c]) / Math.max(1, zeroPoint);
      scales[c] = Math.max(scales[c], Math.max(up, down));
    }
  }

  private static float[] blend(float[] covering, double exponent) {
    float greatest = 0;
    for (float scale : covering) {
      greatest = Math.max(greatest, scale);
    }
    float[] scales = new float[covering.length];
    if (greatest * LEAST_SHARE < Float.MIN_NORMAL) {
      Arrays.fill(scales, 1);
      return scales;
    }
    for (int c = 0; c < scales.length; c++) {
      double share = Math.max(covering[c] / greatest, LEAST_SHARE);
      scales[c] = (float) (greatest * Math.pow(share, exponent));
    }
    return scales;
  }

  private static double noise(Reader reader, float[] scales) {
    double noise = 0;
    for (int m = 0; m < reader.shape.outputs(); m++) {
      noise += noise(reader, scales, m);
    }
    return noise;
  }

  /** Twelve times the noise of one output. */
  private static double noise(Reader reader, float[] scales, int output) {
    ConvShape shape = reader.shape;
    double rounding = 0;
    double energy = 0;
    double greatest = 0;
    int first = output * shape.weightsPerOutput();
    for (int i = first; i < first + shape.weightsPerOutput(); i++) {
      int channel = shape.inputOf(i);
      double scaled = reader.weights[i] * (double) scales[channel];
      rounding += scaled * scaled;
      greatest = Math.max(greatest, Math.abs(scaled));
      energy += reader.meanSquare[channel] / ((double) scales[channel] * scales[channel]);
    }
    double step = greatest / Grid.INT8_SYMMETRIC.max();
    return rounding + step * step * energy;
  }

  /**
   * How far the noise lies below what a convolution computes if its input gets the best scales.
   *
   * @param answer the ranges of its outputs
   * @return decibels, as {@link NoiseShare} counts them
   */
  static double decibels(ChannelRanges input, Reader reader, ChannelRanges answer) {
    float[] scales = choose(List.of(input), List.of(reader)).get(0).scales();
    double[] noise = new double[reader.shape.outputs()];
    for (int m = 0; m < noise.length; m++) {
      noise[m] = noise(reader, scales, m) / 12;
    }
    return NoiseShare.decibels(noise, answer.forChannels(noise.length).meanSquare());
  }
}
