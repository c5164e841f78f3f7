package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/** The waiting requests of one tenant at one priority, in the order they came. */
final class TenantQueue {
  /** By how many later calls of its own tenant the oldest may be passed: those of another kind. */
  private static final int MOST_PASSING = 256;

  final double share;
  double virtualTime; // what the tenant got so far, in nanoseconds of the machine per share
  private long waitingNanos; // what its requests are predicted to cost
  private @Nullable Request head;
  private @Nullable Request tail;
  private int passing; // how many were served since the head is the head

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

  /** A request was served at this cost. */
  void charge(Request request, double costNanos) {
    virtualTime += costNanos / share;
    passing += request == head ? 0 : 1;
  }

  /**
   * Whether so many others went into batches of other tenants' calls that the oldest has its turn
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
