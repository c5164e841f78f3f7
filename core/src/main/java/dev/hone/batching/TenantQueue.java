package dev.hone.batching;

import org.jspecify.annotations.Nullable;

/** The waiting requests of one tenant at one priority, in the order they came. */
final class TenantQueue {
  final double share;
  double virtualTime; // what the tenant got so far, in nanoseconds of the machine per share
  private @Nullable Request head;
  private @Nullable Request tail;

  // Scratch of WaitingRoom.window.
  @Nullable Request cursor;
  double tentativeTime;

  TenantQueue(double share) {
    this.share = share;
  }

  @Nullable Request head() {
    return head;
  }

  boolean isEmpty() {
    return head == null;
  }

  void add(Request request) {
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
}
