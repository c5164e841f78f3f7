package dev.hone.metrics;

/** How a call ended. Every call ends in exactly one way. */
public enum Outcome {
  /** With its results. */
  ANSWERED,
  /** With an exception that is none of the others; see {@link ErrorKind}. */
  FAILED,
  /** It was refused because too much waited already; see {@link Rejection}. */
  REJECTED,
  /** Its deadline passed. */
  EXPIRED,
  /** Its caller cancelled it. */
  CANCELLED
}
