package dev.hone.batching;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Where requests arrive: a stack that callers push on without a lock, and that the former takes
 * whole and turns around. Linked through {@link Request#next}, so that arriving allocates nothing.
 */
final class Intake {
  private final AtomicReference<@Nullable Request> top = new AtomicReference<>();

  void push(Request request) {
    Request seen;
    do {
      seen = top.get();
      request.next = seen;
    } while (!top.compareAndSet(seen, request));
  }

  boolean isEmpty() {
    return top.get() == null;
  }

  /** Moves all that arrived into the waiting room, in the order of arrival. */
  void drainTo(Consumer<Request> room) {
    Request last = top.getAndSet(null);
    Request first = null;
    while (last != null) {
      Request before = last.next;
      last.next = first;
      first = last;
      last = before;
    }
    while (first != null) {
      Request after = first.next;
      first.next = null;
      try {
        room.accept(first);
      } catch (RuntimeException | Error e) { // no memory, say; those behind it must not be lost
        first.settle(e);
      }
      first = after;
    }
  }
}
