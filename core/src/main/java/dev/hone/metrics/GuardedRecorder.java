package dev.hone.metrics;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.concurrent.atomic.AtomicBoolean;

/** Keeps what an application's recorder throws away from callers, and logs the first of it. */
final class GuardedRecorder implements Recorder {
  private final Recorder recorder;
  private final AtomicBoolean told = new AtomicBoolean();

  GuardedRecorder(Recorder recorder) {
    this.recorder = recorder;
  }

  @Override
  public boolean isEnabled() {
    try {
      return recorder.isEnabled();
    } catch (RuntimeException | Error e) {
      tell(e);
      return true;
    }
  }

  @Override
  public void ran(long rows, long validateNanos, long runNanos, long completeNanos) {
    try {
      recorder.ran(rows, validateNanos, runNanos, completeNanos);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void answered(
      long rows,
      long validateNanos,
      long queueNanos,
      long formNanos,
      long runNanos,
      long completeNanos) {
    try {
      recorder.answered(rows, validateNanos, queueNanos, formNanos, runNanos, completeNanos);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void batch(Dispatch why, long rows, long realTokens, long paddedTokens, long runNanos) {
    try {
      recorder.batch(why, rows, realTokens, paddedTokens, runNanos);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void failed(ErrorKind kind) {
    try {
      recorder.failed(kind);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void rejected(Rejection why) {
    try {
      recorder.rejected(why);
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void expired() {
    try {
      recorder.expired();
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void cancelled() {
    try {
      recorder.cancelled();
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public void late() {
    try {
      recorder.late();
    } catch (RuntimeException | Error e) {
      tell(e);
    }
  }

  @Override
  public SessionStats snapshot() {
    try {
      return recorder.snapshot();
    } catch (RuntimeException | Error e) {
      tell(e);
      return SessionStats.EMPTY;
    }
  }

  private void tell(Throwable thrown) {
    if (told.compareAndSet(false, true)) {
      Logger logger = System.getLogger(Recorder.class.getName());
      logger.log(
          Level.WARNING,
          "The recorder "
              + recorder.getClass().getName()
              + " threw an exception, which its session ignored. Its numbers are not complete."
              + " Further exceptions of it are not logged.",
          thrown);
    }
  }
}
