package dev.hone.cuda.device;

import java.util.Arrays;

/**
 * What one timeline, the host or a stream, has seen of all others: a vector clock. Two operations
 * are ordered when one's clock includes the other's tick, whatever order they happen to run in.
 */
final class FakeClock {
  private int[] ticks = new int[4];

  FakeClock copy() {
    FakeClock copy = new FakeClock();
    copy.ticks = ticks.clone();
    return copy;
  }

  boolean includes(int timeline, int tick) {
    return timeline < ticks.length && ticks[timeline] >= tick;
  }

  int tick(int timeline) {
    reserve(timeline + 1);
    return ++ticks[timeline];
  }

  void merge(FakeClock other) {
    reserve(other.ticks.length);
    for (int i = 0; i < other.ticks.length; i++) {
      ticks[i] = Math.max(ticks[i], other.ticks[i]);
    }
  }

  private void reserve(int length) {
    if (ticks.length < length) {
      ticks =
          Arrays.copyOf(ticks, length); // no reserve: clocks that merge would add to each other's
    }
  }
}
