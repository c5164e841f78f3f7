package dev.hone.batching;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/*
 * What is compared. The time that a call takes on the average, by Little's law: the integral of the
 * calls under way over time, divided by the calls that end meanwhile. Unlike a mean of measured
 * times it does not leave out the calls that wait for a processor and will end after all others.
 * With a fixed number of callers it compares throughput, with a fixed rate of calls it compares
 * latency: what each of them wants. While nobody calls the integral stands still.
 *
 * The integral. Of the calls that began or ended in a window, let X be the sum of the times since
 * its beginning at which they ended, less the sum of those at which they began, and N the calls
 * under way at its end: over a window of length w it is X + N w. So it takes one addition when a
 * call begins, and one when it ends. A call that is counted in N and not yet in X, or the reverse,
 * makes an error of one call for one window, not of all the time before. The calls that are seen
 * under way by those that end would not do instead of it: when a batch of eight ends they are 8, 7,
 * ... 1, though there were eight all the time.
 *
 * How. Time is cut into windows, each long enough for every caller to have called a few times. A
 * trial is three windows: as usual, the other way, as usual again; what drifts meanwhile cancels
 * out. Half of what a trial says is believed. What pays for eight callers need not pay for sixty,
 * so each doubling of the calls under way has a verdict of its own.
 *
 * What it costs. The way that loses is used in trials only, and what they lose is measured: the
 * next one waits until that is two percent of the time since. A trial during which the load becomes
 * quite another one is given up, and counts as lost as a whole.
 */

/**
 * Finds out, while calls come, whether blocking calls gain by sharing batches, or had better run in
 * their callers' threads: waking a caller may cost more than its row. Thread-safe.
 */
final class Trial {
  static final long WINDOW_NANOS = 5_000_000;
  private static final long SETTLE_NANOS = 1_000_000;
  private static final int LEAST_CALLS = 32; // in a window
  private static final int CALLS_EACH = 3; // in a window, for each call under way
  private static final int LOOKS = 8; // it is looked at once in so many calls
  private static final int LOSS = 50; // one part in so many may be lost to trials
  private static final int LEAST_WINDOWS = 8; // between trials
  private static final double CLEAR = 0.05; // what the other way must be better by, as a logarithm
  private static final double MOST_CLEAR = 0.5; // one window must not decide for ever
  private static final int LEVELS = 33; // doublings of the calls under way

  /** Where a trial is. */
  private enum Phase {
    USUAL,
    OTHER,
    USUAL_AGAIN
  }

  /** What is believed where so many calls are under way. */
  private static final class Verdict {
    boolean shares;
    double other; // how much better the other way seems
    long nextTrialNanos;
    boolean tried;
  }

  private final LongSupplier nanoTime;
  private final Verdict[] verdicts = new Verdict[LEVELS];
  private final AtomicLong ended = new AtomicLong();
  private final AtomicLong underWaySum = new AtomicLong(); // as seen by calls that ended
  private final AtomicLong timesSum = new AtomicLong(); // of ends, less those of beginnings
  private volatile boolean shares;

  // Guarded by the lock.
  private final ReentrantLock lock = new ReentrantLock();
  private volatile long windowBegin;
  private volatile boolean settling = true;
  private volatile Phase phase = Phase.USUAL;
  private long trialBegin;
  private int level;
  private double usual;
  private double other;

  /**
   * A trial that begins with what opening found.
   *
   * @param shares whether blocking calls share batches at first
   */
  Trial(boolean shares, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.shares = shares;
    for (int i = 0; i < LEVELS; i++) {
      verdicts[i] = new Verdict();
      verdicts[i].shares = shares;
    }
    this.windowBegin = nanoTime.getAsLong();
    this.trialBegin = windowBegin;
  }

  /** Whether a blocking call that finds no idle lane should share a batch. */
  boolean shares() {
    return shares;
  }

  /** A call began at this time. */
  void began(long nanos) {
    timesSum.addAndGet(windowBegin - nanos);
  }

  /** A call ended, so many having been under way, itself among them. */
  void ended(long underWay) {
    long now = nanoTime.getAsLong();
    timesSum.addAndGet(now - windowBegin);
    long sum = underWaySum.addAndGet(underWay);
    long calls = ended.incrementAndGet();
    if (calls % LOOKS != 0) {
      return;
    }
    double mean = (double) sum / calls;
    long elapsed = now - windowBegin;
    boolean full =
        settling
            ? elapsed >= SETTLE_NANOS && calls >= mean
            : elapsed >= WINDOW_NANOS && calls >= Math.max(LEAST_CALLS, CALLS_EACH * mean);
    if (full && lock.tryLock()) {
      try {
        closeWindow(mean, calls, underWay - 1);
      } finally {
        lock.unlock();
      }
    }
  }

  private void closeWindow(double mean, long calls, long underWay) {
    long now = nanoTime.getAsLong();
    if (now - windowBegin < SETTLE_NANOS) {
      return; // another caller has just done it
    }
    double integral = timesSum.get() + (double) underWay * (now - windowBegin);
    double callNanos = Math.max(1, integral) / calls;
    boolean settled = settling;
    openWindow(false, now);
    if (settled) {
      return; // was no window, but what had to pass before one
    }
    int seen =
        Math.min(64 - Long.numberOfLeadingZeros(Math.max(0, Math.round(mean) - 1)), LEVELS - 1);
    if (phase == Phase.USUAL ? seen != level : Math.abs(seen - level) > 1) {
      if (phase != Phase.USUAL) {
        endTrial(verdicts[level], now - trialBegin, now);
      }
      level = seen;
      use(verdicts[level].shares, now);
      return;
    }
    step(verdicts[level], callNanos, now);
  }

  private void step(Verdict verdict, double callNanos, long now) {
    switch (phase) {
      case USUAL -> {
        usual = callNanos;
        if (!verdict.tried || now - verdict.nextTrialNanos >= 0) {
          phase = Phase.OTHER;
          trialBegin = now;
          use(!verdict.shares, now);
        }
      }
      case OTHER -> {
        other = callNanos;
        phase = Phase.USUAL_AGAIN;
        use(verdict.shares, now);
      }
      case USUAL_AGAIN -> {
        double gain = Math.log(Math.sqrt(usual * callNanos) / other);
        gain = Math.max(-MOST_CLEAR, Math.min(MOST_CLEAR, gain));
        verdict.other = (verdict.other + gain) / 2;
        double lostPart = Math.max(0, 1 - Math.exp(gain));
        endTrial(verdict, (long) ((now - trialBegin) * lostPart), now);
        if (verdict.other > CLEAR) {
          verdict.shares = !verdict.shares;
          verdict.other = -verdict.other;
          use(verdict.shares, now);
        }
      }
    }
  }

  private void endTrial(Verdict verdict, long lostNanos, long now) {
    phase = Phase.USUAL;
    verdict.tried = true;
    verdict.nextTrialNanos = now + Math.max(LEAST_WINDOWS * WINDOW_NANOS, LOSS * lostNanos);
    if (shares != verdict.shares) {
      use(verdict.shares, now);
    }
  }

  private void use(boolean sharing, long now) {
    if (shares != sharing) {
      shares = sharing;
      openWindow(true, now);
    }
  }

  private void openWindow(boolean unsettled, long now) {
    settling = unsettled;
    windowBegin = now;
    timesSum.set(0);
    underWaySum.set(0);
    ended.set(0);
  }
}
