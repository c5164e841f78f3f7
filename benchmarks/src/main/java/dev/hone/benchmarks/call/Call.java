package dev.hone.benchmarks.call;

/** One way to run a session once, everything that can be kept between calls kept. */
interface Call extends AutoCloseable {
  /** Runs. */
  void once() throws Exception;

  /** The output of the last run. */
  float[] output() throws Exception;

  @Override
  void close();
}
