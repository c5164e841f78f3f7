package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/** The waiting requests of one tenant at one priority, in the order they came. */
final class TenantQueue {
  /** By how many batches with later calls of its tenant, of another kind, the oldest is passed. */
  private static final int MOST_PASSING = 64;

  final double share;
  double virtualTime; // what the tenant got so far, in nanoseconds of the machine per share
  private long waitingNanos; // what its requests are predicted to cost
  private @Nullable Request head;
  private @Nullable Request tail;
  private int passing; // batches with calls of this tenant since the head was in one
  private long lastBatch;

  // Scratch of WaitingRoom.window.
  @Nullable Request cursor;
  double tentativeTime;

  // Scratch of WaitingRoom.startShedding.
  private boolean fromOldest;
  private @Nullable Request toShed; // the next one
  private long nanosLeft; // of what waits, without those chosen before

  TenantQueue(double share) {
    this.share = share;
  }

  @Nullable Request head() {
    return head;
  }

  boolean isEmpty() {
    return head == null;
  }

  /** What waits, of the machine's time, in proportion to the share. */
  double demand() {
    return waitingNanos / share;
  }

  void add(Request request) {
    waitingNanos += request.costNanos;
    Request last = tail;
    request.previous = last;
    if (last == null) {
      head = request;
    } else {
      last.next = request;
    }
    tail = request;
  }

  /**
   * A request was served at this cost, which makes the virtual time no later than this one.
   *
   * @param batch the number of its batch
   */
  void charge(Request request, double costNanos, long batch, double latest) {
    double most = Math.max(virtualTime, latest);
    virtualTime = Math.min(most, virtualTime + costNanos / share);
    if (request == head) {
      passing = 0; // also where only a part of it was served: then it is as any other head
    } else if (batch != lastBatch) {
      passing++;
    }
    lastBatch = batch;
  }

  /**
   * Whether others went into so many batches of other tenants' calls that the oldest has its turn
   * whatever the tenant got: it would never have while that goes on.
   */
  boolean isPassed() {
    return passing >= MOST_PASSING;
  }

  void remove(Request request) {
    passing = request == head ? 0 : passing;
    waitingNanos -= request.costNanos;
    Request before = request.previous;
    Request after = request.next;
    if (before == null) {
      head = after;
    } else {
      before.next = after;
    }
    if (after == null) {
      tail = before;
    } else {
      after.previous = before;
    }
    request.next = null;
    request.previous = null;
  }

  void startCursor() {
    cursor = head;
    tentativeTime = virtualTime;
  }

  /** Begins to choose requests to be shed, the oldest first or else the newest. */
  void startShedding(boolean fromOldest) {
    this.fromOldest = fromOldest;
    nanosLeft = waitingNanos;
    toShed = skipServed(fromOldest ? head : tail);
  }

  boolean hasToShed() {
    return toShed != null;
  }

  /** The demand without the requests chosen so far. */
  double demandLeft() {
    return nanosLeft / share;
  }

  /** The next one that could be shed, which may have ended; or null. */
  @Nullable Request nextToShed() {
    Request chosen = toShed;
    if (chosen != null) {
      nanosLeft -= chosen.costNanos;
      toShed = skipServed(fromOldest ? chosen.next : chosen.previous);
    }
    return chosen;
  }

  /** The first one from here on that is not served in parts already; or null. */
  private @Nullable Request skipServed(@Nullable Request first) {
    Request request = first;
    while (request != null && request.isLive() && !request.isWaiting()) {
      request = fromOldest ? request.next : request.previous;
    }
    return request;
  }
}
