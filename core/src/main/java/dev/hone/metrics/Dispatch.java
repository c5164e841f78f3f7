package dev.hone.metrics;

/** Why a batch ran when it did. */
public enum Dispatch {
  /** Nothing else ran or waited. */
  IDLE,
  /** The run before it ended; what had come meanwhile went. */
  READY,
  /** No further row fitted: rows, tokens or bytes were at their limit. */
  FULL,
  /** It had waited for more rows long enough. */
  LINGER,
  /** A deadline came near. */
  DEADLINE,
  /** A batch had failed, and parts of it ran again. */
  RETRY
}
