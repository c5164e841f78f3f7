package dev.hone.onnx.ort;

import dev.hone.Cancellation;
import org.bytedeco.onnxruntime.OrtRunOptions;
import org.jspecify.annotations.Nullable;

/**
 * Stops one run of ONNX Runtime when a switch is thrown. A stop that comes too late does nothing:
 * the options, and so the flag that stops runs, belong to the next run by then.
 */
final class Stopping implements AutoCloseable {
  private final OrtLibrary library;
  private final OrtRunOptions run;
  private final Cancellation.@Nullable Registration listening;
  private boolean ended;
  private boolean stopped;

  /**
   * Begins to listen.
   *
   * @param run the options of the run
   * @param stop the switch; null: nothing stops the run
   */
  Stopping(OrtLibrary library, OrtRunOptions run, @Nullable Cancellation stop) {
    this.library = library;
    this.run = run;
    this.listening = stop == null ? null : stop.onCancel(this::stop);
  }

  private synchronized void stop() {
    if (!ended) {
      stopped = true;
      library.check(library.api.RunOptionsSetTerminate(run));
    }
  }

  @Override
  public void close() {
    if (listening != null) {
      listening.close();
    }
    synchronized (this) {
      ended = true;
      if (stopped) {
        library.check(library.api.RunOptionsUnsetTerminate(run));
      }
    }
  }
}
