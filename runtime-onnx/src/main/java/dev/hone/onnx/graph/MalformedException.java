package dev.hone.onnx.graph;

/**
 * Bytes that are no well-formed model. Says what is wrong and, where something else than another
 * copy of the model helps, what to do; the caller adds which model.
 */
final class MalformedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final String remedy;

  MalformedException(String message) {
    this(message, "Fetch or export it again.");
  }

  MalformedException(String message, String remedy) {
    super(message, null, false, false);
    this.remedy = remedy;
  }

  /** What to do: a sentence. */
  String remedy() {
    return remedy;
  }
}
