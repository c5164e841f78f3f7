package dev.hone.metrics;

/** A part of the time between a call and its answer, in the order they happen. */
public enum Stage {
  /** Inputs are checked and bound. */
  VALIDATE,
  /** The call waits for its turn. */
  QUEUE,
  /** It is put into a batch with others. */
  FORM,
  /** The model computes. */
  RUN,
  /** Results are handed over. */
  COMPLETE
}
