package dev.hone.batching;

import java.util.Arrays;

/**
 * The measured times of a few batch sizes, and a guess for all others: the start of a {@link
 * CostModel}.
 *
 * <p>Along rows, what lies between two measured sizes is interpolated, and beyond the last one the
 * last slope goes on; a length measured with one row only is hoped to gain a little from batching,
 * for what is believed to gain nothing is never tried. A length that was not measured takes the
 * nearest measured one, in proportion to the length.
 */
final class CostGrid {
  private static final double HOPE = 0.9;

  private final double[][] measured; // 0: not measured

  CostGrid(boolean hasLength) {
    this.measured = new double[CostModel.lengthNodes(hasLength)][CostModel.rowNodes()];
  }

  /** Takes down the time of {@code 2^rowNode} rows at a length node. */
  void put(int lengthNode, int rowNode, double nanos) {
    measured[lengthNode][rowNode] = Math.max(1, nanos);
  }

  double get(int lengthNode, int rowNode) {
    return measured[lengthNode][rowNode];
  }

  /** What a batch is expected to take, from what was measured so far. */
  double expect(int lengthNode, int rowNode) {
    double[] filled = fillRows(measured[lengthNode]);
    if (filled.length == 0) {
      int lower = lengthNode;
      while (lower > 0 && measured[lower][0] == 0) {
        lower--;
      }
      double[] below = fillRows(measured[lower]);
      return below.length == 0 ? 0 : below[rowNode] * (1 << (lengthNode - lower));
    }
    return filled[rowNode];
  }

  /** The model for batches of at most so many rows. */
  CostModel model(int maxRows) {
    double[][] nanos = new double[measured.length][];
    for (int l = 0; l < nanos.length; l++) {
      nanos[l] = fillRows(measured[l]);
    }
    for (int l = 0; l < nanos.length; l++) {
      if (nanos[l].length == 0) {
        nanos[l] = scaledFromNearest(nanos, l);
      }
    }
    return new CostModel(nanos, maxRows);
  }

  private double[] scaledFromNearest(double[][] nanos, int l) {
    for (int distance = 1; distance < nanos.length; distance++) {
      for (int other : new int[] {l - distance, l + distance}) {
        boolean usable = other >= 0 && other < nanos.length && measured[other][0] > 0;
        if (usable) {
          double factor = Math.pow(2, l - other);
          return Arrays.stream(fillRows(measured[other])).map(n -> n * factor).toArray();
        }
      }
    }
    throw new IllegalStateException("Nothing was measured.");
  }

  /** All row nodes from the measured ones; empty if the first was not measured. */
  private static double[] fillRows(double[] measured) {
    if (measured[0] == 0) {
      return new double[0];
    }
    double[] filled = measured.clone();
    int last = 0;
    double slope = HOPE * measured[0];
    for (int i = 1; i < filled.length; i++) {
      int next = i;
      while (next < filled.length && measured[next] == 0) {
        next++;
      }
      if (next < filled.length) {
        slope = Math.max(0, (measured[next] - measured[last]) / ((1 << next) - (1 << last)));
      }
      filled[i] = measured[i] > 0 ? measured[i] : filled[last] + slope * ((1 << i) - (1 << last));
      if (measured[i] > 0) {
        last = i;
      }
    }
    return filled;
  }
}
