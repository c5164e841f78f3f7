package dev.hone;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Something outside the program's control went wrong: a model, a native library, memory, time.
 *
 * <p>A wrong argument is an {@link IllegalArgumentException} and a wrong order an {@link
 * IllegalStateException} instead. The kinds are {@link ModelException}, {@link
 * NativeLibraryException}, {@link DeadlineException}, {@link CancelledException}, {@link
 * OutOfMemoryException} and {@link OverloadException}; what is none of these is a plain {@code
 * HoneException}.
 */
public class HoneException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** An exception that says the rule, the actual values and the remedy. */
  public HoneException(String message) {
    super(message);
  }

  /** An exception with what caused it. */
  public HoneException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /** A model cannot be read, is not valid, or needs what this runtime does not have. */
  public static final class ModelException extends HoneException {
    private static final long serialVersionUID = 1L;

    /** A model was refused. */
    public ModelException(String message) {
      super(message);
    }

    /** A model was refused because of another failure. */
    public ModelException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A native library is missing or cannot be loaded on this machine. */
  public static final class NativeLibraryException extends HoneException {
    private static final long serialVersionUID = 1L;

    /** A native library could not be loaded. */
    public NativeLibraryException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** A run was stopped because its deadline passed. The session is still usable. */
  public static final class DeadlineException extends HoneException {
    private static final long serialVersionUID = 1L;

    /** A deadline passed. */
    public DeadlineException(String message) {
      super(message);
    }
  }

  /** A run was stopped because its caller cancelled it. The session is still usable. */
  public static final class CancelledException extends HoneException {
    private static final long serialVersionUID = 1L;

    /** A run was cancelled. */
    public CancelledException(String message) {
      super(message);
    }
  }

  /** Native memory could not be had. The session is still usable. */
  public static final class OutOfMemoryException extends HoneException {
    private static final long serialVersionUID = 1L;

    /** Memory ran out. */
    public OutOfMemoryException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /** More work came than can be done in time. Nothing was computed; try again a little later. */
  public static final class OverloadException extends HoneException {
    private static final long serialVersionUID = 1L;

    private final Duration retryAfter;

    /**
     * Work was refused.
     *
     * @param retryAfter when there will probably be room again
     */
    public OverloadException(String message, Duration retryAfter) {
      super(message);
      this.retryAfter = retryAfter;
    }

    /** When there will probably be room again: an estimate, not a promise. */
    public Duration retryAfter() {
      return retryAfter;
    }
  }
}
