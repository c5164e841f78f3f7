package dev.hone.metrics;

import java.util.function.LongSupplier;
import java.util.function.Supplier;

/** A snapshot for all meters that are read together, so that one is taken and not fifty. */
final class RecentStats {
  private static final long FRESH_NANOS = 20_000_000;

  private final Supplier<SessionStats> source;
  private final LongSupplier clock;
  private SessionStats stats = SessionStats.EMPTY;
  private long takenNanos;
  private boolean taken;

  RecentStats(Supplier<SessionStats> source, LongSupplier clock) {
    this.source = source;
    this.clock = clock;
  }

  synchronized SessionStats get() {
    long now = clock.getAsLong();
    if (!taken || now - takenNanos >= FRESH_NANOS) {
      stats = source.get();
      taken = true;
      takenNanos = now;
    }
    return stats;
  }
}
