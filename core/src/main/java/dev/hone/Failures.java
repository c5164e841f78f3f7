package dev.hone;

import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.Recorder;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** Counts calls that end with an exception. For runtimes and for sessions around sessions. */
public final class Failures {
  private Failures() {}

  /**
   * Why a call ends whose caller completes its future: cancelled, or expired if that is what the
   * caller says, as {@link java.util.concurrent.CompletableFuture#orTimeout} does.
   *
   * @param given the failure that the future is completed with, if it is one
   */
  public static Throwable byCaller(@Nullable Throwable given) {
    return given != null && isExpired(given)
        ? given
        : new CancellationException("The call was ended by its caller, who completed its future.");
  }

  private static boolean isExpired(Throwable thrown) {
    return thrown instanceof HoneException.DeadlineException || thrown instanceof TimeoutException;
  }

  /** As what a call counts that ended with this. */
  public static Outcome outcome(Throwable thrown) {
    if (isExpired(thrown)) {
      return Outcome.EXPIRED;
    }
    return thrown instanceof HoneException.CancelledException
            || thrown instanceof CancellationException
        ? Outcome.CANCELLED
        : Outcome.FAILED;
  }

  /** Counts a call that ended with this. */
  public static void record(Recorder recorder, Throwable thrown) {
    switch (outcome(thrown)) {
      case EXPIRED -> recorder.expired();
      case CANCELLED -> recorder.cancelled();
      default -> recorder.failed(kind(thrown));
    }
  }

  private static ErrorKind kind(Throwable thrown) {
    if (thrown instanceof IllegalArgumentException) {
      return ErrorKind.INPUT;
    }
    if (thrown instanceof IllegalStateException) {
      return ErrorKind.CLOSED;
    }
    if (thrown instanceof HoneException.OutOfMemoryException
        || thrown instanceof OutOfMemoryError) {
      return ErrorKind.MEMORY;
    }
    return thrown instanceof HoneException ? ErrorKind.RUNTIME : ErrorKind.OTHER;
  }
}
