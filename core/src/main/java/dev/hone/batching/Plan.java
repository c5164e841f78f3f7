package dev.hone.batching;

/**
 * What opening a batcher found out about the model on this machine.
 *
 * @param grid how long batches take
 * @param maxRows the most rows in a batch
 * @param lanes how many batches run at once
 * @param savedNanos what a row saves at best by sharing a batch
 */
record Plan(CostGrid grid, int maxRows, int lanes, double savedNanos) {

  /**
   * How many times as long a blocking call takes by itself as in a batch, at best.
   *
   * @param wakeNanos what it takes to wake a caller
   */
  double gain(long wakeNanos) {
    double alone = grid.get(0, 0);
    return alone / (alone - savedNanos + wakeNanos);
  }
}
