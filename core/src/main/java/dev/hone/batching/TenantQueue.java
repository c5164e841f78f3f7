package dev.hone.batching;

import java.util.function.Predicate;
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

  TenantQueue(double share) {
    this.share = share;
  }

  @Nullable Request head() {
    return head;
  }

  /** The oldest of the requests that are wanted, or null if there is none. */
  @Nullable Request oldest(Predicate<Request> wanted) {
    Request request = head;
    while (request != null && !wanted.test(request)) {
      request = request.next;
    }
    return request;
  }

  /** The newest of the requests that are wanted, or null if there is none. */
  @Nullable Request newest(Predicate<Request> wanted) {
    Request request = tail;
    while (request != null && !wanted.test(request)) {
      request = request.previous;
    }
    return request;
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

  void addFirst(Request request) {
    waitingNanos += request.costNanos;
    Request first = head;
    request.next = first;
    if (first == null) {
      tail = request;
    } else {
      first.previous = request;
    }
    head = request;
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
}
