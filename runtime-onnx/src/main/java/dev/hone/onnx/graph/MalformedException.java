package dev.hone.onnx.graph;

/**
 * Bytes that are no well-formed model. Says what is wrong; the caller adds which model and what to
 * do.
 */
final class MalformedException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MalformedException(String message) {
    super(message, null, false, false);
  }
}
