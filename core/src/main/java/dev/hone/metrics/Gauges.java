package dev.hone.metrics;

/**
 * What a session can tell about this moment. Asked when a snapshot is taken, from any thread, so it
 * must be fast and must not throw. Everything is 0 unless overridden.
 */
public interface Gauges {
  /** Zeros. */
  Gauges NONE = new Gauges() {};

  /** Rows that wait. */
  default long queuedRows() {
    return 0;
  }

  /** How long the oldest waiting call has waited, in nanoseconds. */
  default long oldestWaitNanos() {
    return 0;
  }

  /** Native bytes that tensors and pools of this process hold. */
  default long nativeBytes() {
    return 0;
  }

  /** The most native bytes ever held at once. */
  default long peakNativeBytes() {
    return 0;
  }
}
