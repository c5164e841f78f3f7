package dev.hone.memory;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts the native bytes of this process. The one place of the library that is global by nature.
 */
final class Accounting {
  private static final AtomicLong LIVE = new AtomicLong();
  private static final AtomicLong PEAK = new AtomicLong();
  private static final AtomicLong BLOCKS = new AtomicLong();
  private static final AtomicLong DEFERRED = new AtomicLong();
  private static final AtomicLong NEXT_RELIEF_NANOS = new AtomicLong(System.nanoTime());

  // As the JDK does for direct buffers: memory that only waits for the collector makes it run.
  private static final long DEFERRED_LIMIT_BYTES = 256L << 20;
  private static final long RELIEF_INTERVAL_NANOS = 1_000_000_000L;

  private Accounting() {}

  static void allocated(long bytes) {
    long live = LIVE.addAndGet(bytes);
    BLOCKS.incrementAndGet();
    long peak = PEAK.get();
    while (live > peak && !PEAK.compareAndSet(peak, live)) {
      peak = PEAK.get();
    }
  }

  static void freed(long bytes) {
    LIVE.addAndGet(-bytes);
    BLOCKS.decrementAndGet();
  }

  static void deferred(long bytes) {
    DEFERRED.addAndGet(bytes);
  }

  static void undeferred(long bytes) {
    DEFERRED.addAndGet(-bytes);
  }

  /**
   * Asks for a collection when closed but still viewed memory has piled up; at most once a second.
   */
  static void relieve() {
    if (DEFERRED.get() > DEFERRED_LIMIT_BYTES) {
      long now = System.nanoTime();
      long next = NEXT_RELIEF_NANOS.get();
      if (now - next >= 0 && NEXT_RELIEF_NANOS.compareAndSet(next, now + RELIEF_INTERVAL_NANOS)) {
        System.gc();
      }
    }
  }

  static MemoryStats stats() {
    return new MemoryStats(LIVE.get(), PEAK.get(), BLOCKS.get(), DEFERRED.get());
  }

  static void resetPeak() {
    PEAK.set(LIVE.get());
  }
}
