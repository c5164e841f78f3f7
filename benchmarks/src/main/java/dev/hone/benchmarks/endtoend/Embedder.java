package dev.hone.benchmarks.endtoend;

/** Turns a text into a vector. Safe to share between threads. */
interface Embedder extends AutoCloseable {
  /** The vector of a text, of length 1. */
  float[] embed(String text);

  @Override
  default void close() {}
}
