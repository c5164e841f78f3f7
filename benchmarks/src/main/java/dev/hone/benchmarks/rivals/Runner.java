package dev.hone.benchmarks.rivals;

import dev.hone.Batch;
import dev.hone.benchmarks.measure.Rival;

/** An open model, ours or theirs, with one output that matters. Safe to share between threads. */
public interface Runner extends AutoCloseable {
  /**
   * Makes the inputs ready, so that they are run again and again with everything kept that can be
   * kept. The inputs stay the caller's.
   */
  Rival over(Batch inputs);

  /** The values of the output for these inputs. */
  float[] run(Batch inputs);

  @Override
  void close();
}
