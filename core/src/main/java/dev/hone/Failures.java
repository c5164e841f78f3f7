package dev.hone;

import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Recorder;
import java.util.concurrent.CancellationException;

/** Counts calls that end with an exception. For runtimes and for sessions around sessions. */
public final class Failures {
  private Failures() {}

  /** Counts a call that ended with this. */
  public static void record(Recorder recorder, Throwable thrown) {
    if (thrown instanceof HoneException.DeadlineException) {
      recorder.expired();
    } else if (thrown instanceof HoneException.CancelledException
        || thrown instanceof CancellationException) {
      recorder.cancelled();
    } else {
      recorder.failed(kind(thrown));
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
