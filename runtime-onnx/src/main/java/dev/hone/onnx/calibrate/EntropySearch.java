package dev.hone.onnx.calibrate;

/**
 * The range that loses the least information when a value is quantized: the threshold T for which
 * the distribution of the value, clipped to [-T, T], is nearest to what remains of it on a grid.
 *
 * <p>With p the counts inside, those outside added to the two end bins, and q the counts inside
 * merged into as many groups as the grid has integers, each group then spread over those of its
 * bins that are not empty, the threshold minimizes the Kullback-Leibler divergence
 *
 * <pre>
 *   D(p || q) = Σ p_k log(p_k / q_k)      p, q scaled to the sum 1
 * </pre>
 *
 * (S. Migacz, 8-bit inference with TensorRT, 2017). A bin that clipping alone fills has no q; there
 * q counts as {@value #LEAST}.
 */
final class EntropySearch {
  private static final double LEAST = 1e-6;
  private static final int CANDIDATES = 256;

  private final Histogram histogram;
  private final int groups;

  private EntropySearch(Histogram histogram, int groups) {
    this.histogram = histogram;
    this.groups = groups;
  }

  /** The threshold for a grid of this many integers. */
  static double threshold(Histogram histogram, int integers) {
    return new EntropySearch(histogram, Math.min(integers, 2 * Histogram.SIDE)).search();
  }

  private double search() {
    int first = (groups + 1) / 2;
    int stride = Math.max(1, (Histogram.SIDE - first) / CANDIDATES);
    int best = Histogram.SIDE;
    double least = divergence(best);
    for (int reach = Histogram.SIDE - stride; reach >= first; reach -= stride) {
      double divergence = divergence(reach);
      if (divergence < least) {
        least = divergence;
        best = reach;
      }
    }
    return best * histogram.width();
  }

  /** D(p || q) for a threshold of so many bins on each side. */
  private double divergence(int reach) {
    long inside = 0;
    for (int k = -reach; k < reach; k++) {
      inside += histogram.count(k);
    }
    if (inside == 0) {
      return Double.POSITIVE_INFINITY;
    }
    long below = 0;
    for (int k = -Histogram.SIDE; k < -reach; k++) {
      below += histogram.count(k);
    }
    long above = histogram.total() - inside - below;
    double divergence = 0;
    for (int g = 0; g < groups; g++) {
      int from = -reach + (int) ((long) g * 2 * reach / groups);
      int to = -reach + (int) ((long) (g + 1) * 2 * reach / groups);
      divergence += ofGroup(from, to, reach, below, above, inside);
    }
    return divergence;
  }

  private double ofGroup(int from, int to, int reach, long below, long above, long inside) {
    long sum = 0;
    int filled = 0;
    for (int k = from; k < to; k++) {
      sum += histogram.count(k);
      filled += histogram.count(k) > 0 ? 1 : 0;
    }
    double share = filled == 0 ? 0 : (double) sum / filled / inside;
    double divergence = 0;
    for (int k = from; k < to; k++) {
      long clipped = (k == -reach ? below : 0) + (k == reach - 1 ? above : 0);
      double p = (double) (histogram.count(k) + clipped) / histogram.total();
      if (p > 0) {
        double q = histogram.count(k) > 0 ? share : 0;
        divergence += p * Math.log(p / Math.max(q, LEAST));
      }
    }
    return divergence;
  }
}
