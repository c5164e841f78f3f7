package dev.hone.metrics;

import java.time.Duration;
import java.util.Objects;

/**
 * What a session can do at most; the measure of its load.
 *
 * @param slots runs that can go on at once without slowing each other down, at least 1
 * @param maxRows rows that go into one run at most; 0 where calls are not put together
 * @param maxWaitNanos how long a call may wait before that counts as full load; 0 where calls do
 *     not wait
 */
public record Capacity(int slots, long maxRows, long maxWaitNanos) {
  /** Refuses values below their least. */
  public Capacity {
    if (slots < 1 || maxRows < 0 || maxWaitNanos < 0) {
      throw new IllegalArgumentException(
          "A capacity needs at least 1 slot, and no negative limit, but has slots "
              + slots
              + ", maxRows "
              + maxRows
              + ", maxWaitNanos "
              + maxWaitNanos
              + ".");
    }
  }

  /** Of a session that runs each call by itself. */
  public static Capacity of(int slots) {
    return new Capacity(slots, 0, 0);
  }

  /** Of a session that puts calls together. */
  public static Capacity batched(int slots, long maxRows, Duration maxWait) {
    Objects.requireNonNull(maxWait, "longest wait of a session's calls");
    return new Capacity(slots, maxRows, maxWait.toNanos());
  }
}
