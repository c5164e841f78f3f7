package dev.hone.batching;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

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
 * out. After each change some time passes first, for batches need it to grow: of sixty callers that
 * ran by themselves only a few have a processor, and the others must come to wait. Half of what a trial
 * says is believed. What pays for eight callers need not pay for sixty, so each doubling of the
 * calls under way has a verdict of its own, and until then that of the nearest one that has. Between
 * trials it rests: it looks at one call in eight, to know how many are under way, and the others pay
 * nothing.
 *
 * What it costs. The way that loses is used in trials only, and what they lose is measured, as
 * calls that could have been answered meanwhile: the next trial, for however many callers, waits
 * until that is two percent of the calls since, and half a percent where trials keep saying the
 * same. The first one waits as if it had lost what opening foretells, which one trial in a bad
 * moment cannot refute either. A trial during which the load becomes quite another one is given up,
 * unless the other way was so much worse that there is nothing left to find out: callers of a tiny
 * model that share are all under way, waiting, where hardly any was.
 */

/**
 * Finds out, while calls come, whether blocking calls gain by sharing batches, or had better run in
 * their callers' threads: waking a caller may cost more than its row. Thread-safe.
 */
final class Trial {
  static final long WINDOW_NANOS = 10_000_000;
  private static final long LOOK_NANOS = 1_000_000; // between looks, while it rests
  private static final long SETTLE_NANOS = 8_000_000;
  private static final int LEAST_CALLS = 32; // in a window
  private static final int CALLS_EACH = 3; // in a window, for each call under way
  private static final int LOOKS = 8; // it is looked at once in so many calls
  private static final int LEAST_SEEN = 16; // of those looked at, to know how many are under way
  private static final int LOSS = 50; // one part in so many may be lost to trials
  private static final int MOST_TO_PAY = 100_000; // calls; the machine stalls, and that is no loss
  private static final double MOST_TO_PAY_NANOS = 2e9; // where that is more calls
  private static final int MOST_PATIENCE = 4;
  private static final int LEAST_WINDOWS = 8; // between trials
  private static final double CLEAR = 0.05; // what the other way must be better by, as a logarithm
  private static final double MOST_CLEAR = 0.5; // one window must not decide for ever
  private static final double HOPELESS = 4; // times as long: no need to look again
  private static final int LEVELS = 33; // doublings of the calls under way
  private static final long SCATTER = 0x9E3779B97F4A7C15L; // Knuth: makes any bits of a time serve

  /** Where a trial is. */
  private enum Phase {
    REST,
    USUAL,
    OTHER,
    USUAL_AGAIN
  }

  /** What is believed where so many calls are under way. */
  private static final class Verdict {
    boolean shares;
    double other; // how much better the other way seems
    long nextTrialNanos;
    boolean met;
    boolean tried;
    int patience = 1; // more, the more trials in a row said the same
  }

  private final LongSupplier nanoTime;
  private final double foretold;
  private final Verdict[] verdicts = new Verdict[LEVELS];
  private final AtomicLong ended = new AtomicLong(); // those looked at, while it rests
  private final AtomicLong underWaySum = new AtomicLong(); // as seen by these
  private final AtomicLong timesSum = new AtomicLong(); // of ends, less those of beginnings
  private volatile boolean shares;

  // Guarded by the lock.
  private final ReentrantLock lock = new ReentrantLock();
  private volatile long windowBegin;
  private volatile boolean settling;
  private volatile Phase phase = Phase.REST;
  private long otherCalls; // that went the other way in this trial
  private long otherBegin;
  private double usualRate; // calls a nanosecond
  private double lost; // calls that could have been answered meanwhile
  private double callsToPay; // until what trials have lost is two percent
  private int level;
  private double usual;
  private double other;

  /**
   * A trial that begins with what opening found.
   *
   * @param shares whether blocking calls share batches at first
   * @param foretold how many times as long a call will probably take the other way
   */
  Trial(boolean shares, double foretold, LongSupplier nanoTime) {
    this.nanoTime = nanoTime;
    this.shares = shares;
    this.foretold = Math.max(1, foretold);
    for (int i = 0; i < LEVELS; i++) {
      verdicts[i] = new Verdict();
      verdicts[i].shares = shares;
      verdicts[i].other = -Math.min(MOST_CLEAR, Math.log(this.foretold));
    }
    this.windowBegin = nanoTime.getAsLong();
  }

  /** Whether a blocking call that finds no idle lane should share a batch. */
  boolean shares() {
    return shares;
  }

  /** A call began at this time. */
  void began(long nanos) {
    if (phase != Phase.REST) {
      timesSum.addAndGet(windowBegin - nanos);
    }
  }

  /** A call ended that began at this time, so many having been under way, itself among them. */
  void ended(long begunNanos, long underWay) {
    boolean resting = phase == Phase.REST;
    if (resting && Long.remainderUnsigned((begunNanos * SCATTER) >>> 32, LOOKS) != 0) {
      return;
    }
    long now = nanoTime.getAsLong();
    if (!resting) {
      timesSum.addAndGet(now - windowBegin);
    }
    long sum = underWaySum.addAndGet(underWay);
    long calls = ended.incrementAndGet();
    if (resting ? calls < LEAST_SEEN : calls % LOOKS != 0) {
      return;
    }
    double mean = (double) sum / calls;
    if (isFull(mean, calls, now - windowBegin) && lock.tryLock()) {
      try {
        if (resting) {
          look(mean, calls * LOOKS, now);
        } else {
          closeWindow(mean, calls, underWay - 1);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  private boolean isFull(double mean, long calls, long elapsed) {
    if (phase == Phase.REST) {
      return elapsed >= LOOK_NANOS;
    }
    return settling
        ? elapsed >= SETTLE_NANOS && calls >= mean
        : elapsed >= WINDOW_NANOS && calls >= callsInWindow(mean);
  }

  private static double callsInWindow(double mean) {
    return Math.max(LEAST_CALLS, CALLS_EACH * mean);
  }

  private static int levelOf(double mean) {
    int doublings = 64 - Long.numberOfLeadingZeros(Math.max(0, Math.round(mean) - 1));
    return Math.min(doublings, LEVELS - 1);
  }

  /** While it rests: uses what is believed of so many calls, or begins a trial. */
  private void look(double mean, long calls, long now) {
    if (phase != Phase.REST || now - windowBegin < LOOK_NANOS) {
      return; // another caller has just done it
    }
    level = levelOf(mean);
    Verdict verdict = verdicts[level];
    if (!verdict.met) {
      verdict.met = true;
      verdict.nextTrialNanos = now;
      Verdict nearest = nearestTried();
      if (nearest != null) {
        verdict.shares = nearest.shares;
        verdict.other = nearest.other;
      } else {
        double loss = callsInWindow(mean) * (foretold - 1);
        callsToPay = Math.min(MOST_TO_PAY, callsToPay + LOSS * loss);
      }
    }
    shares = verdict.shares;
    callsToPay = Math.max(0, callsToPay - calls);
    if (callsToPay == 0 && now - verdict.nextTrialNanos >= 0) {
      phase = Phase.USUAL;
      otherCalls = 0;
      lost = 0;
    }
    openWindow(phase != Phase.REST, now);
  }

  /** What is believed of the number of calls nearest to this one for which a trial has ended. */
  private @Nullable Verdict nearestTried() {
    for (int distance = 1; distance < LEVELS; distance++) {
      for (int near = level - distance; near <= level + distance; near += 2 * distance) {
        if (near >= 0 && near < LEVELS && verdicts[near].tried) {
          return verdicts[near];
        }
      }
    }
    return null;
  }

  private void closeWindow(double mean, long calls, long underWay) {
    long now = nanoTime.getAsLong();
    if (phase == Phase.REST || now - windowBegin < LOOK_NANOS) {
      return; // another caller has just done it
    }
    double integral = Math.max(1, timesSum.get() + (double) underWay * (now - windowBegin));
    double rate = (double) calls / (now - windowBegin);
    boolean settled = settling;
    otherCalls += phase == Phase.OTHER ? calls : 0;
    openWindow(false, now);
    if (settled) {
      return; // was no window, but what had to pass before one
    }
    // The other way there may be quite a different number of calls under way at the same load.
    if (phase != Phase.OTHER && Math.abs(levelOf(mean) - level) > 1) {
      endTrial(1, now);
    } else {
      step(verdicts[level], integral / calls, rate, now);
    }
  }

  private void step(Verdict verdict, double callNanos, double rate, long now) {
    switch (phase) {
      case REST -> throw new IllegalStateException("There is no trial.");
      case USUAL -> {
        usual = callNanos;
        usualRate = rate;
        otherBegin = now;
        use(Phase.OTHER, !verdict.shares, now);
      }
      case OTHER -> {
        other = callNanos;
        lost = lostCalls(now);
        if (other > HOPELESS * usual) {
          conclude(verdict, now);
        } else {
          use(Phase.USUAL_AGAIN, verdict.shares, now);
        }
      }
      case USUAL_AGAIN -> {
        usual = Math.sqrt(usual * callNanos);
        conclude(verdict, now);
      }
    }
  }

  private void conclude(Verdict verdict, long now) {
    double gain = Math.max(-MOST_CLEAR, Math.min(MOST_CLEAR, Math.log(usual / other)));
    verdict.tried = true;
    verdict.other = (verdict.other + gain) / 2;
    verdict.patience = gain < 0 ? Math.min(MOST_PATIENCE, 2 * verdict.patience) : 1;
    if (verdict.other > CLEAR) {
      verdict.shares = !verdict.shares;
      verdict.other = -verdict.other;
    }
    endTrial(verdict.patience, now);
  }

  private void use(Phase next, boolean sharing, long now) {
    phase = next;
    shares = sharing;
    openWindow(true, now);
  }

  /** How many more calls would have been answered as usual while they went the other way. */
  private double lostCalls(long now) {
    double meanwhile = usualRate * (now - otherBegin); // no more, though each may last for ages
    return Math.min(meanwhile, otherCalls * Math.max(0, other / usual - 1));
  }

  private void endTrial(int patience, long now) {
    Verdict verdict = verdicts[level];
    verdict.nextTrialNanos = now + LEAST_WINDOWS * WINDOW_NANOS;
    if (lost > 0) {
      double most = Math.max(MOST_TO_PAY, MOST_TO_PAY_NANOS * usualRate);
      callsToPay = Math.min(most, callsToPay + LOSS * patience * lost);
    }
    use(Phase.REST, verdict.shares, now);
  }

  private void openWindow(boolean unsettled, long now) {
    settling = unsettled;
    windowBegin = now;
    timesSum.set(0);
    underWaySum.set(0);
    ended.set(0);
  }
}
