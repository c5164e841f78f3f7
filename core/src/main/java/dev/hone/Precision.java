package dev.hone;

/**
 * The numbers a model computes with. A <em>request</em>: a session says by {@link
 * Session#precision} what it really got, and by {@link Session#report} why.
 */
public enum Precision {
  /** Single-precision floats: the model as it is. */
  FP32,
  /** Half-precision floats. */
  FP16,
  /** The upper half of single-precision floats. */
  BF16,
  /** Integers of 8 bits for weights and, where it pays, activations. */
  INT8,
  /** Weights of 4 bits. */
  INT4
}
