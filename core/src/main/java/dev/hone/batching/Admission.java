package dev.hone.batching;

import dev.hone.Cancellation;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.OverloadException;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.Rejection;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Bounds what waits: rows, bytes, and the time that serving it will take.
 *
 * <p>A request is counted when it is admitted and until it has left the queue, whole; not while its
 * caller still tries. Counting is optimistic where there seems to be room, add and take back if
 * that was too much, so that admitting costs three additions and no lock.
 */
final class Admission {
  /** After so many times that room came and went to others nobody else is let in before it. */
  private static final int MOST_PASSING = 64;

  private final BatchPolicy policy;
  private final int lanes;
  private final Recorder recorder;
  private final AtomicLong rows = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicLong nanos = new AtomicLong();
  private final Ahead ahead;
  private final AtomicLong named = new AtomicLong(); // requests that say whose they are
  private final AtomicInteger blocked = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private volatile @Nullable Request passed; // goes in before all others; written with the lock

  Admission(BatchPolicy policy, int lanes, Recorder recorder) {
    this.policy = policy;
    this.lanes = lanes;
    this.recorder = recorder;
    this.ahead = new Ahead(policy.shares);
  }

  /** Takes other requests out of the queue; see {@link BatchPolicy.Overload}. */
  interface Shedder {
    /**
     * Whether so many could be shed that this one has room; then it is {@linkplain
     * #tryAdmit(Request, long, long, long) counted}, and they are told when to try again. If not,
     * none is shed.
     */
    boolean shedFor(Request request, Duration retryAfter);

    /** The caller is going to wait for room, and so looks after no lane that it found free. */
    default void look() {}
  }

  long rows() {
    return rows.get();
  }

  long bytes() {
    return bytes.get();
  }

  /** How long what waits will take. */
  long delayNanos() {
    return Math.max(0, nanos.get()) / lanes;
  }

  /**
   * Counts a request in, as the policy says.
   *
   * @throws OverloadException if there is no room for it, or none in time
   * @throws CancelledException if it is cancelled while it waits for room, or its thread is
   *     interrupted
   */
  void admit(Request request, Shedder shedder) {
    refuseIfHopeless(request);
    boolean admitted = tryAdmit(request);
    if (!admitted) {
      admitted =
          switch (policy.overload) {
            case REJECT -> mayMeetOthers(request) && shedder.shedFor(request, retryAfter());
            case BLOCK -> awaitRoom(request, shedder);
            case SHED_OLDEST -> shedder.shedFor(request, retryAfter());
          };
    }
    if (!admitted) {
      throw refusal(request);
    }
  }

  /** What cannot be served before its deadline would only be in the way. */
  private void refuseIfHopeless(Request request) {
    if (request.hasDeadline()) {
      long left = request.deadlineNanos() - request.submittedNanos;
      long all = Math.max(0, nanos.get());
      if (isLonger(request, all, left)) {
        long delay = ahead.nanos(request, all) / lanes;
        recorder.rejected(Rejection.TOO_LATE);
        throw new OverloadException(
            "A call may wait for its deadline at most, which is "
                + time(left)
                + " away, but what waits before it will take "
                + time(delay)
                + ". Allow more time, or send less.",
            Duration.ofNanos(Math.max(1, delay - left)));
      }
    }
  }

  /** Whether a request is served later than so, if this is what all that waits will take. */
  private boolean isLonger(Request request, long allNanos, long most) {
    return allNanos / lanes > most && ahead.nanos(request, allNanos) / lanes > most;
  }

  private boolean tryAdmit(Request request) {
    return tryAdmit(request, 0, 0, 0);
  }

  /** Counts a request in if there is room for it once so much of what is counted has left. */
  boolean tryAdmit(Request request, long lessRows, long lessBytes, long lessNanos) {
    Request first = passed;
    if (first != null && first != request) {
      return false;
    }
    long allRows = rows.get() + request.rows - lessRows;
    long allBytes = bytes.get() + request.bytes() - lessBytes;
    long allNanos = nanos.get() + request.costNanos - lessNanos;
    if (!fits(request, allRows, allBytes, allNanos)) {
      return false; // and others need not see it come and go
    }
    allRows = rows.addAndGet(request.rows) - lessRows;
    allBytes = bytes.addAndGet(request.bytes()) - lessBytes;
    allNanos = nanos.addAndGet(request.costNanos) - lessNanos;
    if (!fits(request, allRows, allBytes, allNanos)) {
      take(request);
      return false;
    }
    if (isNamed(request)) {
      named.incrementAndGet();
    }
    ahead.add(request);
    return true;
  }

  /**
   * Whether so much in all may wait, a request among it. One that meets an empty queue is taken
   * whatever its size, or it never would be.
   */
  private boolean fits(Request request, long allRows, long allBytes, long allNanos) {
    return (allRows <= policy.maxQueueRows || allRows == request.rows)
        && (allBytes <= policy.maxQueueBytes || allBytes == request.bytes())
        && !isLonger(request, allNanos - request.costNanos, policy.maxQueueDelayNanos);
  }

  private OverloadException refusal(Request request) {
    long waitingRows = rows();
    long waitingBytes = bytes();
    boolean rowsFit = waitingRows + request.rows <= policy.maxQueueRows;
    boolean bytesFit = waitingBytes + request.bytes() <= policy.maxQueueBytes;
    String full;
    if (!rowsFit) {
      full = waitingRows + " of " + policy.maxQueueRows + " rows (maxQueueRows)";
    } else if (!bytesFit) {
      full = waitingBytes + " of " + policy.maxQueueBytes + " bytes (maxQueueBytes)";
    } else {
      full = time(delayNanos()) + " of at most " + time(policy.maxQueueDelayNanos);
      full += " of work (maxQueueDelay)";
    }
    recorder.rejected(rowsFit && bytesFit ? Rejection.TOO_LATE : Rejection.QUEUE_FULL);
    return new OverloadException(
        "The queue is full: "
            + full
            + " wait, and this call has "
            + request.rows
            + " rows of "
            + request.bytes()
            + " bytes. Try again in "
            + time(retryAfter().toNanos())
            + ", or allow a longer queue.",
        retryAfter());
  }

  /** When there will probably be room: when a tenth of what waits is done, but 1 ms at least. */
  private Duration retryAfter() {
    return Duration.ofNanos(Math.max(1_000_000, delayNanos() / 10));
  }

  private boolean awaitRoom(Request request, Shedder shedder) {
    shedder.look();
    long giveUp = System.nanoTime() + policy.blockNanos;
    if (request.hasDeadline() && request.deadlineNanos() - giveUp < 0) {
      giveUp = request.deadlineNanos();
    }
    boolean interrupted = false;
    int inVain = 0;
    Cancellation cancellation = request.options.cancellation().orElse(null);
    Cancellation.Registration listening =
        cancellation == null ? () -> {} : cancellation.onCancel(this::wakeBlocked);
    lock.lock();
    blocked.incrementAndGet();
    try {
      // For a moment this request was counted, and may have kept out another that waits here now.
      room.signalAll();
      while (!tryAdmit(request)) {
        if (++inVain > MOST_PASSING && passed == null) {
          passed = request; // one of many rows, say, would never find so much room
        }
        if (cancellation != null && cancellation.isCancelled()) {
          throw Failure.cancelled();
        }
        long left = giveUp - System.nanoTime();
        if (left <= 0) {
          return false;
        }
        try {
          room.await(left, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
          interrupted = true; // the caller shall know
          throw Failure.interrupted();
        }
      }
      return true;
    } finally {
      if (passed == request) {
        passed = null;
        room.signalAll();
      }
      blocked.decrementAndGet();
      lock.unlock();
      listening.close();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** A request has left the queue. */
  void left(Request request) {
    take(request);
    ahead.remove(request);
    if (isNamed(request)) {
      named.decrementAndGet();
    }
    if (blocked.get() > 0) {
      wakeBlocked();
    }
  }

  private void wakeBlocked() {
    lock.lock();
    try {
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void take(Request request) {
    rows.addAndGet(-request.rows);
    bytes.addAndGet(-request.bytes());
    nanos.addAndGet(-request.costNanos);
  }

  private static boolean isNamed(Request request) {
    return !request.options.tenant().isEmpty();
  }

  /** Whether one that waits may be of another tenant; if not, it is not worth a lock to look. */
  private boolean mayMeetOthers(Request request) {
    return isNamed(request) || named.get() > 0;
  }

  private static String time(long nanos) {
    return nanos < 10_000_000 ? nanos / 1_000 + " us" : nanos / 1_000_000 + " ms";
  }
}
