package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/** The waiting requests of one tenant at one priority, in the order they came. */
final class TenantQueue {
  final double share;
  double virtualTime; // what the tenant got so far, in nanoseconds of the machine per share
  private long waitingNanos; // what its requests are predicted to cost
  private @Nullable Request head;
  private @Nullable Request tail;

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

  void remove(Request request) {
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
