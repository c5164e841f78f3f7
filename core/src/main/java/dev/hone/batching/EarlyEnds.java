package dev.hone.batching;

import dev.hone.Cancellation;
import org.jspecify.annotations.Nullable;

/**
 * What may end a request before its results are there: its deadline, unless its caller blocks and
 * so watches that itself, and its cancellation. They are listened to until the request is over.
 */
final class EarlyEnds implements AutoCloseable {
  private volatile Cancellation.@Nullable Registration deadline;
  private volatile Cancellation.@Nullable Registration cancellation;

  private EarlyEnds() {}

  /** Begins to listen, if there is anything to listen to; the end may come before this returns. */
  static void listen(Request request, Deadlines deadlines) {
    boolean isTimed = request.hasDeadline() && !request.isAwaited();
    Cancellation cancellation = request.options.cancellation().orElse(null);
    if (!isTimed && cancellation == null) {
      return;
    }
    EarlyEnds ends = new EarlyEnds();
    request.setEarlyEnds(ends);
    try {
      if (isTimed) {
        ends.deadline = deadlines.watch(request);
      }
      if (cancellation != null) {
        ends.cancellation = cancellation.onCancel(request::cancel);
      }
    } finally {
      if (!request.isLive()) {
        ends.close(); // it was over before it could close all of them
      }
    }
  }

  /** Listens no more. */
  @Override
  public void close() {
    close(deadline);
    close(cancellation);
  }

  private static void close(Cancellation.@Nullable Registration registration) {
    if (registration != null) {
      registration.close();
    }
  }
}
