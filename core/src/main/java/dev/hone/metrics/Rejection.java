package dev.hone.metrics;

/** Why a call was refused before it ran. */
public enum Rejection {
  /** As much waits as may wait. */
  QUEUE_FULL,
  /** It would have waited longer than is allowed, or past its deadline. */
  TOO_LATE,
  /** It waited, and made room for others. */
  SHED
}
