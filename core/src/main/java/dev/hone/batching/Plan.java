package dev.hone.batching;

/**
 * What opening a batcher found out about the model on this machine.
 *
 * @param grid how long batches take
 * @param maxRows the most rows in a batch
 * @param lanes how many batches run at once
 * @param savedNanos what a row saves at best by sharing a batch, when nothing else runs
 * @param sharedNanos what passes from row to row when many calls come at once and share batches
 * @param aloneNanos the same when each runs by itself
 */
record Plan(
    CostGrid grid,
    int maxRows,
    int lanes,
    double savedNanos,
    double sharedNanos,
    double aloneNanos) {
  /** Where nothing was measured but the grid. */
  Plan(CostGrid grid, int maxRows, int lanes, double savedNanos) {
    this(grid, maxRows, lanes, savedNanos, grid.get(0, 0) - savedNanos, grid.get(0, 0));
  }

  /** The same where calls that come at once were measured. */
  Plan measured(double sharedNanos, double aloneNanos) {
    return new Plan(grid, maxRows, lanes, savedNanos, sharedNanos, aloneNanos);
  }

  /**
   * How many times as long a blocking call takes by itself as in a batch, when many come at once.
   *
   * @param wakeNanos what it takes to wake a caller
   */
  double gain(long wakeNanos) {
    return aloneNanos / (sharedNanos + wakeNanos);
  }
}
