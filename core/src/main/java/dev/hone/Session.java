package dev.hone;

import dev.hone.metrics.SessionStats;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;

/**
 * A model made ready to run on one device at one precision.
 *
 * <p><b>Share it.</b> A session is expensive to open and cheap to use: open one for each model, use
 * it from as many threads as you like, close it when the program ends. What makes a session faster
 * for many callers, safer or visible wraps a session and is a session.
 *
 * <p><b>Ownership.</b> Inputs are borrowed for the call. A batch that {@code run} returns belongs
 * to the caller, who closes it; it stays usable after the session is closed.
 *
 * <p><b>Closing.</b> {@link #close} may be called while other threads run, and more than once: new
 * calls are refused, calls under way finish, then native memory goes, and only then {@code close}
 * returns.
 *
 * <p><b>Errors.</b> {@link IllegalArgumentException}: an input that the model does not take; the
 * message says which, what was expected and what came. {@link IllegalStateException}: the session,
 * or an input, is closed. {@link HoneException}: the run itself failed, or was stopped: {@link
 * HoneException.DeadlineException}, {@link HoneException.CancelledException}. A session that is
 * open goes on after any of these.
 */
public interface Session extends AutoCloseable {
  /** Opens a model file with the defaults. */
  static Session open(Path path) {
    return open(path, SessionOptions.DEFAULT);
  }

  /**
   * Opens a model file.
   *
   * @throws HoneException.ModelException if the file is no model that a runtime here can run
   * @throws HoneException.NativeLibraryException if a native library is missing on this machine
   * @throws HoneException if the model cannot have the precision that is asked for, or the result
   *     falls short of what it must keep
   * @throws IllegalArgumentException if the options contradict each other, or the batches among
   *     them are of no use
   */
  static Session open(Path path, SessionOptions options) {
    requireOptions(options);
    return open(Model.load(path), options);
  }

  /** Opens a model with the defaults. */
  static Session open(Model model) {
    return open(model, SessionOptions.DEFAULT);
  }

  /**
   * Opens a model.
   *
   * @throws HoneException.ModelException if no runtime here can run it
   * @throws HoneException.NativeLibraryException if a native library is missing on this machine
   * @throws HoneException if the model cannot have the precision that is asked for, or the result
   *     falls short of what it must keep
   * @throws IllegalArgumentException if the options contradict each other, or the batches among
   *     them are of no use
   */
  static Session open(Model model, SessionOptions options) {
    Given.value(model, "model to open", "Load one with Model.load.");
    requireOptions(options);
    return Runtimes.forModel(model).open(model, options);
  }

  private static void requireOptions(SessionOptions options) {
    Given.value(options, "options of a session", "Leave them out for the defaults.");
  }

  /** The inputs and outputs. */
  Signature signature();

  /** Where it really computes. */
  Device device();

  /** The numbers it really computes with. */
  Precision precision();

  /** What was done to the model, and where each node runs. */
  SessionReport report();

  /** What was called on it since it was opened: latency by part, load, errors, memory. */
  default SessionStats stats() {
    return SessionStats.EMPTY;
  }

  /**
   * Runs the model.
   *
   * @param in the inputs; optional ones may be left out. The elements of a sequence {@code x} are
   *     named {@code x[0]}, {@code x[1]} and so on; a sequence without any is empty. Inputs without
   *     rows give outputs without rows, or are refused where the model cannot be run on none. What
   *     becomes empty only inside a model may end the process in ONNX Runtime; the notes of the
   *     {@link #report} say so where that is possible
   * @return all outputs, owned by the caller
   */
  default Batch run(Batch in) {
    return run(in, RunOptions.DEFAULT);
  }

  /**
   * Runs the model. To interrupt the calling thread stops no run that has begun; a session that
   * lets calls wait for each other may end one that still waits with a {@link
   * HoneException.CancelledException}. Either way the thread stays interrupted.
   *
   * @param in the inputs; optional ones may be left out
   * @param options deadline, cancellation, and which outputs to compute
   * @return the outputs that {@code options} ask for, owned by the caller
   */
  Batch run(Batch in, RunOptions options);

  /**
   * Runs the model into tensors that the caller brings. Nothing is allocated, on the heap or off
   * it, when the same two batches are used again.
   *
   * @param in the inputs
   * @param out the outputs to compute; their shapes must be those that the inputs lead to
   */
  default void run(Batch in, Batch out) {
    run(in, out, RunOptions.DEFAULT);
  }

  /**
   * Runs the model into tensors that the caller brings.
   *
   * @param in the inputs
   * @param out the outputs to compute; their shapes must be those that the inputs lead to
   * @param options deadline and cancellation; outputs are those of {@code out}
   */
  void run(Batch in, Batch out, RunOptions options);

  /** Runs the model on another thread. */
  default CompletableFuture<Batch> runAsync(Batch in) {
    return runAsync(in, RunOptions.DEFAULT);
  }

  /**
   * Runs the model on another thread. The inputs are borrowed until the future completes; closing
   * them earlier is safe. Cancelling the future stops the run, and so does completing it, as {@link
   * CompletableFuture#orTimeout} does, but not {@link CompletableFuture#completeAsync}; what it may
   * have computed is closed. Stages that depend on the future stop nothing.
   *
   * @return completes with the outputs, owned by the caller, or with what {@code run} would throw
   */
  CompletableFuture<Batch> runAsync(Batch in, RunOptions options);

  /**
   * Runs a few times and throws the results away, so that the first real call finds everything in
   * place: kernels chosen, memory mapped, code compiled.
   *
   * @param sample inputs of a usual shape
   * @param times how often, at least 1
   * @throws IllegalArgumentException if {@code times} is less, or the model does not take the
   *     sample
   */
  default void warmUp(Batch sample, int times) {
    if (times < 1) {
      throw new IllegalArgumentException("Warm up at least once, not " + times + " times.");
    }
    for (int i = 0; i < times; i++) {
      run(sample).close();
    }
  }

  /** Closes the session; see the class text. */
  @Override
  void close();
}
