package dev.hone.batching;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** The lanes, and which of them are free: one bit for each. Taking and freeing need no lock. */
final class Lanes {
  static final int MOST = 64;

  private final Lane[] lanes;
  private final AtomicLong free;

  Lanes(int count, Lane.Service service) {
    this(count, index -> new Lane(index, service));
  }

  /** Lanes, all started; if one cannot start, none is left running. */
  Lanes(int count, IntFunction<Lane> making) {
    this.lanes = new Lane[count];
    int started = 0;
    try {
      for (; started < count; started++) {
        lanes[started] = making.apply(started);
        lanes[started].start();
      }
    } catch (RuntimeException | Error e) { // no more threads
      for (int i = 0; i < started; i++) {
        lanes[i].stop();
      }
      throw e;
    }
    this.free = new AtomicLong(count == MOST ? -1L : (1L << count) - 1);
  }

  /** A lane that was free and now is the caller's, or null if all are taken. */
  @Nullable Lane acquire() {
    while (true) {
      long seen = free.get();
      if (seen == 0) {
        return null;
      }
      int index = Long.numberOfTrailingZeros(seen);
      if (free.compareAndSet(seen, seen & ~(1L << index))) {
        return lanes[index];
      }
    }
  }

  /** How long it probably takes until a lane other than this one is free. */
  long nanosUntilOther(Lane own, long nowNanos) {
    long free = this.free.get();
    long least = Long.MAX_VALUE;
    for (Lane lane : lanes) {
      if (lane != own) {
        boolean isFree = (free >>> lane.index & 1) == 1;
        least = Math.min(least, isFree ? 0 : Math.max(0, lane.freeAtNanos - nowNanos));
      }
    }
    return least;
  }

  void release(Lane lane) {
    long bit = 1L << lane.index;
    free.getAndUpdate(bits -> bits | bit);
  }

  /** Ends the threads, and returns when they have ended. */
  void stop() {
    for (Lane lane : lanes) {
      lane.stop();
    }
    for (Lane lane : lanes) {
      lane.awaitStopped();
    }
  }
}
