package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.RunOptions;
import java.lang.ref.Reference;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import org.jspecify.annotations.Nullable;

/**
 * A call that nobody blocks for, and the future of its results. Cancelling or completing the future
 * takes the call out of queue or batch; a call that has ended, and was counted, cannot be cancelled
 * any more, even if its results are still on their way to the caller.
 */
final class AsyncRequest extends Request {
  @Nullable AsyncRequest nextAnswered; // of its Answers
  private @Nullable Object owner; // its loss would close the session, so not before the end

  /**
   * A request that waits.
   *
   * @param owner what must not be lost before the call is over
   * @param in the inputs; the request's own where it runs alone
   */
  AsyncRequest(
      RequestEvents events,
      @Nullable Object owner,
      Kind kind,
      Batch in,
      int length,
      long costNanos,
      RunOptions options,
      long begunNanos) {
    super(events, kind, in, length, costNanos, options, begunNanos);
    this.owner = owner;
  }

  @Override
  void releaseTensors() {
    super.releaseTensors();
    if (kind.runsAlone()) {
      in.close(); // they are shared with the caller, who may have closed its own
    }
  }

  @Override
  @Nullable Batch out() {
    return null;
  }

  @Override
  boolean isAwaited() {
    return false;
  }

  @Override
  void joinTold(Flight from) {
    from.addAnswered(this);
  }

  @Override
  void tell(Failure failure) {
    events.failed(this, failure);
  }

  /** Whether application code is going to run when it is finished. */
  boolean hasDependents() {
    return getNumberOfDependents() > 0 && !isDone() && !isLeftToCaller();
  }

  /** Whether the caller ended the call, and so completes it. */
  private boolean isLeftToCaller() {
    return isEndedByCaller() && end() instanceof Failure;
  }

  /** Passes the outcome on, the first time; results that nobody takes are closed. */
  void finish(Object outcome) {
    try {
      if (outcome instanceof Failure failure) {
        finish(null, failure.cause());
      } else if (outcome instanceof Batch results) {
        finish(results, null);
      }
    } finally {
      Reference.reachabilityFence(owner);
      owner = null;
    }
  }

  /**
   * Where asynchronous stages run; Java knows better when the common pool is too small for them.
   */
  @Override
  public Executor defaultExecutor() {
    Executor callbacks = events.callbacks();
    return callbacks == ForkJoinPool.commonPool() ? super.defaultExecutor() : callbacks;
  }

  @Override
  public <U> CompletableFuture<U> newIncompleteFuture() {
    return new Stage<>(defaultExecutor());
  }

  /** What depends on a call, and has its asynchronous stages where those of the call are. */
  private static final class Stage<U> extends CompletableFuture<U> {
    private final Executor executor;

    Stage(Executor executor) {
      this.executor = executor;
    }

    @Override
    public Executor defaultExecutor() {
      return executor;
    }

    @Override
    public <V> CompletableFuture<V> newIncompleteFuture() {
      return new Stage<>(executor);
    }
  }
}
