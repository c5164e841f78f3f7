package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/**
 * Wakes those who block for the requests of one flight, in chains: the flight wakes the last of a
 * chain, and each who is woken wakes the one that was answered before. A thread that wakes all of
 * them is interrupted by most, for the system lets run whom it has just woken; so it would be
 * switched out and in once for every answer. Not thread-safe: belongs to who flies.
 */
final class Wakes {
  static final int LONGEST = 8; // a chain is as slow as all in it together

  private @Nullable BlockingRequest last;
  private int length;

  /**
   * Adds a request that is about to be answered.
   *
   * @return the one that it must wake, or null
   */
  @Nullable BlockingRequest add(BlockingRequest request) {
    BlockingRequest before = last;
    last = request;
    if (before != null && length == LONGEST) {
      before.wake();
      before = null;
    }
    length = before == null ? 1 : length + 1;
    return before;
  }

  /** Wakes the last chain. */
  void end() {
    BlockingRequest before = last;
    last = null;
    length = 0;
    if (before != null) {
      before.wake();
    }
  }
}
