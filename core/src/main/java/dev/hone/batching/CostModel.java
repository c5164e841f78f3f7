package dev.hone.batching;

import java.util.concurrent.atomic.AtomicLongArray;

/**
 * How long a batch takes: T(rows, length), measured when the batcher opens and corrected by every
 * batch that runs.
 *
 * <p>A lattice of nodes, rows in powers of two and lengths in powers of two from {@value
 * #SHORTEST}; between nodes T is bilinear, which is exact for the usual shape of T, a constant plus
 * so much for each row and token. Rows longer than the last node cost in proportion to it. A
 * measured batch moves the four nodes around it by their weights (least mean squares), so that the
 * model follows a machine that becomes slower or faster; all other nodes follow a little, so that a
 * size that has not been tried for long is not believed to be as it was.
 *
 * <p>Not thread-safe but for {@link #rowNanos}: guarded by the forming lock.
 */
final class CostModel {
  static final int MAX_ROWS = 4096;
  static final int SHORTEST = 8;
  private static final int ROW_NODES = 13; // 1 to 4096
  private static final int LENGTH_NODES = 10; // 8 to 4096
  private static final int LONGEST = SHORTEST << (LENGTH_NODES - 1);
  private static final double STEP = 0.2;
  private static final double DRIFT = 0.01;

  /** What a batch must save, as a part of its time, for each doubling of its rows. */
  private static final double PATIENCE = 0.02;

  /** What a batch is hoped to save for each doubling of its rows when sizes are tried. */
  private static final double HOPE = 0.15;

  private static final double[] PENALTY = factors(PATIENCE);
  private static final double[] BONUS = factors(-HOPE);

  /**
   * What was once measured far too dear, on a machine that was busy otherwise, is not used any
   * more, and so corrected by nothing but being tried. A step of two at a time: calls wait for what
   * is tried, and steps add up.
   */
  enum Trying {
    /** The sizes that are believed to be best. */
    NOTHING,
    /** Twice as many rows. */
    LARGER,
    /** Half as many. */
    SMALLER;

    private static final int LARGER_BATCHES = 16; // one of so many is larger
    private static final int SMALLER_BATCHES = 8; // nobody waits long for those

    /**
     * What is tried with a batch.
     *
     * @param number which batch it is
     * @param mayBeLarger whether it may be larger than seems best
     */
    static Trying in(int number, boolean mayBeLarger) {
      if (number % LARGER_BATCHES == 0 && mayBeLarger) {
        return LARGER;
      }
      return number % SMALLER_BATCHES == SMALLER_BATCHES / 2 ? SMALLER : NOTHING;
    }

    private int rows(int best) {
      return switch (this) {
        case NOTHING -> best;
        case LARGER -> 2 * best;
        case SMALLER -> Math.max(1, best / 2);
      };
    }
  }

  private final double[][] nanos; // by length node, by row node
  private final boolean hasLength;
  private final int maxRows;
  private final AtomicLongArray rowNanos; // by length node
  private Trying trying = Trying.NOTHING;

  /**
   * A model.
   *
   * @param maxRows the most rows that a batch can have
   */
  CostModel(double[][] nanos, int maxRows) {
    this.nanos = nanos;
    this.hasLength = nanos.length > 1;
    this.maxRows = maxRows;
    this.rowNanos = new AtomicLongArray(nanos.length);
    publishRowNanos();
  }

  static int rowNodes() {
    return ROW_NODES;
  }

  static int lengthNodes(boolean hasLength) {
    return hasLength ? LENGTH_NODES : 1;
  }

  private static double[] factors(double forDoubling) {
    double[] factors = new double[MAX_ROWS + 1];
    for (int rows = 1; rows <= MAX_ROWS; rows++) {
      factors[rows] = Math.max(0.25, 1 + forDoubling * Math.log(rows) / Math.log(2));
    }
    return factors;
  }

  /** The predicted time of a batch, in nanoseconds. */
  double predict(int rows, int length) {
    int r = rowNode(rows);
    double rowPart = (double) (rows - (1 << r)) / (1 << r);
    if (!hasLength) {
      return at(0, r, rowPart);
    }
    int l = lengthNode(length);
    double lengthPart = lengthPart(l, length);
    double between = at(l, r, rowPart) * (1 - lengthPart) + at(l + 1, r, rowPart) * lengthPart;
    return between * beyond(length);
  }

  private double at(int l, int r, double rowPart) {
    double[] row = nanos[l];
    return row[r] + (row[r + 1] - row[r]) * rowPart;
  }

  /**
   * The predicted time, made longer the more rows have to wait for it: see PATIENCE. While larger
   * sizes are tried it is made shorter: see HOPE.
   */
  double weigh(int rows, int length) {
    return predict(rows, length) * (trying == Trying.LARGER ? BONUS : PENALTY)[rows];
  }

  /** Whether other sizes than those that are believed to be best are favoured. */
  void setTrying(Trying trying) {
    this.trying = trying;
  }

  /**
   * The number of rows, at most {@code most}, with which a row of this length is cheapest, or what
   * is tried instead.
   */
  int bestRows(int most, int length) {
    return Math.min(most, trying.rows(cheapestRows(most, length)));
  }

  /**
   * The most rows of this length, of so many, that are worth weighing: while sizes are tried, not
   * all.
   */
  int mostToWeigh(int available, int length) {
    return trying == Trying.NOTHING ? maxRows : bestRows(Math.min(available, maxRows), length);
  }

  /**
   * The least power of two of rows with which a row of this length costs at most so many times what
   * it does at best, or what is tried instead.
   */
  int enoughRows(int length, double bearable) {
    int best = cheapestRows(maxRows, length);
    double most = bearable * predict(best, length) / best;
    int rows = 1;
    while (rows < best && predict(rows, length) / rows > most) {
      rows <<= 1;
    }
    return trying.rows(Math.min(rows, best));
  }

  private int cheapestRows(int most, int length) {
    int best = most;
    double bestPerRow = predict(most, length) * PENALTY[most] / most;
    for (int rows = 1; rows < most; rows <<= 1) {
      double perRow = predict(rows, length) * PENALTY[rows] / rows;
      if (perRow < bestPerRow) {
        bestPerRow = perRow;
        best = rows;
      }
    }
    return best;
  }

  /** What one row of this length costs in a good batch, in nanoseconds. Thread-safe. */
  long rowNanos(int length) {
    if (!hasLength) {
      return rowNanos.get(0);
    }
    int l = lengthNode(length);
    double part = lengthPart(l, length);
    return (long) ((rowNanos.get(l) * (1 - part) + rowNanos.get(l + 1) * part) * beyond(length));
  }

  private void publishRowNanos() {
    for (int l = 0; l < nanos.length; l++) {
      int length = SHORTEST << l;
      int rows = cheapestRows(maxRows, length);
      rowNanos.set(l, (long) Math.max(1, predict(rows, length) / rows));
    }
  }

  /** Learns from a batch that ran. */
  void observe(int rows, int length, long tookNanos) {
    double ratio = tookNanos / predict(rows, length);
    double error = Math.max(0.5, Math.min(2, ratio)) - 1; // one pause must not upset everything
    int r = rowNode(rows);
    double rowPart = (double) (rows - (1 << r)) / (1 << r);
    int l = hasLength ? lengthNode(length) : 0;
    double lengthPart = hasLength ? lengthPart(l, length) : 0;
    for (double[] row : nanos) {
      for (int i = 0; i < row.length; i++) {
        row[i] *= 1 + DRIFT * error;
      }
    }
    move(l, r, (1 - lengthPart) * (1 - rowPart), error);
    move(l, r + 1, (1 - lengthPart) * rowPart, error);
    if (hasLength) {
      move(l + 1, r, lengthPart * (1 - rowPart), error);
      move(l + 1, r + 1, lengthPart * rowPart, error);
    }
    publishRowNanos();
  }

  private void move(int l, int r, double weight, double error) {
    nanos[l][r] *= 1 + STEP * weight * error;
  }

  /**
   * The node at or below, never the last: the last of all is reached as the end of the step before.
   */
  private static int rowNode(int rows) {
    return Math.min(31 - Integer.numberOfLeadingZeros(rows), ROW_NODES - 2);
  }

  private static int lengthNode(int length) {
    int log = 31 - Integer.numberOfLeadingZeros(Math.max(length, SHORTEST) / SHORTEST);
    return Math.min(log, LENGTH_NODES - 2);
  }

  private static double lengthPart(int node, int length) {
    int from = SHORTEST << node;
    return Math.min(1, (double) (Math.max(length, SHORTEST) - from) / from);
  }

  /**
   * How many times as long as the longest node a row is, at least one. What it costs grows as much:
   * the last step of the lattice, gone on with, might point down, even to less than nothing.
   */
  private static double beyond(int length) {
    return Math.max(1, (double) length / LONGEST);
  }
}
