package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/** The waiting requests of one tenant at one priority, in the order they came. */
final class TenantQueue {
  /** By how many batches with later calls of its tenant, of another kind, the oldest is passed. */
  private static final int MOST_PASSING = 64;

  final double share;
  final Ranking.Entry turn = new Ranking.Entry(this);
  final Ranking.Entry claim = new Ranking.Entry(this);
  double virtualTime; // what the tenant got so far, in nanoseconds of the machine per share
  private long waitingNanos; // what its requests are predicted to cost
  private @Nullable Request head;
  private @Nullable Request tail;
  private int passing; // batches with calls of this tenant since the head was in one
  private long lastBatch;

  // Scratch of Level.visit.
  private boolean visited;
  private @Nullable Request cursor; // the next one that is shown

  // Scratch while requests are chosen to be shed.
  private boolean sheddingFrom;
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

  /** Begins to show its requests in the order they came. */
  void startVisit() {
    visited = true;
    cursor = head;
  }

  /** The next one, or null; it may be removed before the one after it is asked for. */
  @Nullable Request nextInVisit() {
    Request next = cursor;
    cursor = next == null ? null : next.next;
    return next;
  }

  boolean hasMoreInVisit() {
    return cursor != null;
  }

  boolean isVisited() {
    return visited;
  }

  void endVisit() {
    visited = false;
    cursor = null;
  }

  /** Begins to choose requests to be shed, the oldest first or else the newest. */
  void startShedding(boolean fromOldest) {
    sheddingFrom = true;
    this.fromOldest = fromOldest;
    nanosLeft = waitingNanos;
    toShed = skipServed(fromOldest ? head : tail);
  }

  boolean isSheddingFrom() {
    return sheddingFrom;
  }

  void endShedding() {
    sheddingFrom = false;
    toShed = null;
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
