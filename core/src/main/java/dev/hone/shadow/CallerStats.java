package dev.hone.shadow;

import dev.hone.Session;
import dev.hone.metrics.SessionStats;
import org.jspecify.annotations.Nullable;

/**
 * The statistics of what callers asked, whichever of the two sessions answered them. Its counts
 * only grow when the one takes over from the other, and second opinions are not in them. Used under
 * a lock.
 */
final class CallerStats {
  private final Session fast;
  private final Session baseline;
  private SessionStats past = SessionStats.EMPTY; // what the baseline answered in earlier turns
  private @Nullable SessionStats before; // what it had counted when this turn of it began

  CallerStats(Session fast, Session baseline) {
    this.fast = fast;
    this.baseline = baseline;
  }

  void baselineTakesOver() {
    if (before == null) {
      before = baseline.stats();
    }
  }

  void fastTakesOver() {
    if (before != null) {
      past = past.plus(baseline.stats().minus(before));
      before = null;
    }
  }

  SessionStats stats() {
    SessionStats own = fast.stats();
    if (before != null) {
      return own.plus(past).plus(baseline.stats().minus(before));
    }
    return past.calls() == 0 ? own : past.plus(own);
  }
}
