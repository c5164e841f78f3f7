package dev.hone;

/**
 * Runs models of some format. Implementations are found by {@link java.util.ServiceLoader} on the
 * class path and the module path, and pass the contract test that {@code hone-core} publishes as a
 * test-jar.
 *
 * <p>Making one must be cheap and must not fail: a native library that is missing is told when a
 * session is opened.
 */
public interface InferenceRuntime {
  /** A name for messages, for example {@code ONNX Runtime 1.24.1}. */
  String name();

  /** Whether this runtime knows the format of the source. Looks at the name or first bytes only. */
  boolean recognizes(ModelSource source);

  /**
   * Reads a model's structure.
   *
   * @throws HoneException.ModelException if it is broken
   */
  Model load(ModelSource source);

  /** Whether this runtime can open the model: it loaded it, or it can load it anew. */
  boolean opens(Model model);

  /**
   * Makes a model ready to run.
   *
   * @throws HoneException.ModelException if the model needs what this runtime does not have
   * @throws HoneException.NativeLibraryException if a native library is missing on this machine
   * @throws IllegalArgumentException if the options contradict each other or the model
   */
  Session open(Model model, SessionOptions options);
}
