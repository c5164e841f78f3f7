package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.HoneException.CancelledException;
import dev.hone.HoneException.DeadlineException;
import dev.hone.RunOptions;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The end of a {@link Request} without results, and why. Thread-safe. */
final class Failure {
  private final @Nullable Supplier<Throwable> making;
  private volatile @Nullable Throwable cause;

  Failure(Throwable cause) {
    this.making = null;
    this.cause = cause;
  }

  /** One whose cause is made when it is asked for first: that may cost more than to fail. */
  Failure(Supplier<Throwable> making) {
    this.making = making;
  }

  /** Why a call ends that was cancelled through its options. */
  static CancelledException cancelled() {
    return new CancelledException("The call was cancelled by its caller.");
  }

  /** Why a call ends whose thread is interrupted before it runs. */
  static CancelledException interrupted() {
    return new CancelledException(
        "The call was cancelled: its thread was interrupted while the call waited in the queue.");
  }

  /** Why a call ends at its deadline. */
  static DeadlineException expired(RunOptions options, boolean inQueue) {
    return new DeadlineException(
        "The deadline passed "
            + (inQueue ? "while the call waited in the queue" : "while the batch ran")
            + ", "
            + options.timeoutNanos() / 1_000_000
            + " ms after the call. Allow more time, or shed load earlier.");
  }

  /**
   * The results that a call ended with, for who waited for it; throws if it failed instead.
   *
   * @param here whether this thread made it fail: then the failure knows this stack already
   */
  static Batch outcome(Object end, boolean here) {
    if (end instanceof Batch results) {
      return results;
    }
    Failure failure = (Failure) end;
    boolean isMade = failure.isMade(); // else it will know this stack
    Throwable cause = failure.cause();
    if (!here && isMade) {
      CalledFrom.noteIn(cause);
    }
    if (cause instanceof RuntimeException e) {
      throw e;
    }
    if (cause instanceof Error e) {
      throw e;
    }
    throw new IllegalStateException("A session threw a checked exception.", cause);
  }

  private boolean isMade() {
    return cause != null;
  }

  synchronized Throwable cause() {
    Throwable known = cause;
    if (known == null && making != null) {
      try {
        known = making.get();
      } catch (RuntimeException | Error e) { // no memory, say: then that is why
        known = e;
      }
      cause = known;
    }
    return known == null ? new AssertionError("a failure has a cause") : known;
  }
}
