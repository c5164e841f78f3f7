package dev.hone.batching;

import dev.hone.Batch;
import java.lang.ref.Reference;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;

/**
 * The future of an asynchronous call: cancelling it takes the call out of queue or batch. A call
 * that has ended, and was counted, cannot be cancelled any more, even if its results are still on
 * their way to the caller.
 */
final class RequestFuture extends CompletableFuture<Batch> {
  private final Request request;
  private final Object owner; // its loss would close the session, so not before this is finished

  RequestFuture(Request request, Object owner) {
    this.request = request;
    this.owner = owner;
  }

  /** When the call began. */
  long begunNanos() {
    return request.begunNanos;
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    boolean ended =
        request.settle(new CancellationException("The call was cancelled by its caller."));
    return ended ? super.cancel(mayInterruptIfRunning) : isCancelled();
  }

  /** Passes the outcome on, the first time; results that nobody takes are closed. */
  void finish(Object outcome) {
    try {
      if (outcome instanceof Request.Failure failure) {
        completeExceptionally(failure.cause());
      } else if (outcome instanceof Batch results && !complete(results) && !gave(results)) {
        results.close();
      }
    } finally {
      Reference.reachabilityFence(owner);
    }
  }

  /** Whether these results are the caller's already. */
  private boolean gave(Batch results) {
    return !isCompletedExceptionally() && join() == results;
  }
}
