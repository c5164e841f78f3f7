package dev.hone;

import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The future of a call, whose caller may end it: by cancelling the future, and by completing it,
 * which {@link CompletableFuture#orTimeout} does, too. Either stops the run, and what that may have
 * computed is closed. For runtimes and for sessions around sessions. Thread-safe.
 */
public abstract class CallFuture extends CompletableFuture<Batch> {
  private volatile boolean isEndedByCaller; // by completing it

  /** A call that is under way. */
  protected CallFuture() {}

  /**
   * Stops the run, because its caller ends the call. Comes before the future is completed: what
   * follows then may wait for the end of the run.
   *
   * @param why as {@link Failures#byCaller} says
   * @return false if it had ended before, or been stopped
   */
  protected abstract boolean stop(Throwable why);

  /** Stops what is a call of another session for this one, as {@link #stop} does. */
  protected static boolean stop(CompletableFuture<Batch> run, Throwable why) {
    return why instanceof CancellationException ? run.cancel(true) : run.completeExceptionally(why);
  }

  /** Passes the outcome of the run on; results that nobody takes are closed. */
  protected final void finish(@Nullable Batch results, @Nullable Throwable failure) {
    if (failure != null) {
      if (!isEndedByCaller) { // who completes it by itself
        super.completeExceptionally(failure);
      }
    } else if (results != null && !super.complete(results) && !gave(results)) {
      results.close();
    }
  }

  /** Whether its caller has completed it, or is about to. */
  protected final boolean isEndedByCaller() {
    return isEndedByCaller;
  }

  /** Whether these results are the caller's already. */
  private boolean gave(Batch results) {
    return !isCompletedExceptionally() && join() == results;
  }

  @Override
  public final boolean complete(Batch value) {
    isEndedByCaller = true;
    stop(Failures.byCaller(null));
    return super.complete(value);
  }

  @Override
  public final boolean completeExceptionally(Throwable thrown) {
    Throwable why = Failures.byCaller(Objects.requireNonNull(thrown)); // before anything changes
    isEndedByCaller = true;
    stop(why);
    return super.completeExceptionally(thrown);
  }

  /** Has no effect on a call that has ended, even if its results are still on their way. */
  @Override
  public final boolean cancel(boolean mayInterruptIfRunning) {
    boolean stopped = stop(new CancellationException("The call was cancelled by its caller."));
    return stopped ? super.cancel(mayInterruptIfRunning) : isCancelled();
  }
}
