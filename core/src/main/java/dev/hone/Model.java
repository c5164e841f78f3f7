package dev.hone;

import java.nio.file.Path;
import java.util.Map;

/**
 * A model and what it promises. A value: loading one reads its structure, opens no native session
 * and needs no closing. Safe to share between threads.
 *
 * <p>Made by {@link #load}; the runtime that knows the format is found on the class path or module
 * path.
 */
public interface Model {
  /** Where the model came from. */
  ModelSource source();

  /** The inputs and outputs. */
  Signature signature();

  /**
   * What the file says about the model, by the format's own keys, for example {@code producer_name}
   * or {@code doc_string}, and what its author added. Never null, often empty.
   */
  Map<String, String> metadata();

  /** The number of weights. */
  long parameterCount();

  /** The bytes that the weights take. */
  long parameterBytes();

  /**
   * Writes the model to a file, to be shipped or loaded again: one that was changed on the way, or
   * came from bytes or the class path. The file appears whole or not at all; what was there before
   * stays until then. A link to a file stays, and that file is replaced. Weights of 2 GiB and more
   * lie beside {@code file}.
   *
   * @param file where to, in a folder that exists; not the file that the model was loaded from
   * @throws IllegalArgumentException if the model was loaded from this very file
   * @throws HoneException if it cannot be written, or is there and no regular file but a folder or
   *     device; nothing is left behind then
   * @throws UnsupportedOperationException if the runtime of the model does not write files
   */
  default void save(Path file) {
    Given.value(file, "file to save a model to", "Name one in a folder that exists.");
    throw new UnsupportedOperationException(
        "The runtime of '" + source().name() + "' does not write files, so not '" + file + "'.");
  }

  /**
   * Loads a model from a file.
   *
   * @throws HoneException.ModelException if the file is missing, empty, broken, or of a format that
   *     no runtime here knows
   */
  static Model load(Path path) {
    return load(ModelSource.of(path));
  }

  /**
   * Loads a model from bytes.
   *
   * @throws HoneException.ModelException if the bytes are no model that a runtime here knows
   */
  static Model load(byte[] bytes) {
    return load(ModelSource.of(bytes));
  }

  /**
   * Loads a model from a class-path resource.
   *
   * @param owner the class whose loader finds the resource
   * @param name as for {@link Class#getResource}
   * @throws IllegalArgumentException if there is no such resource
   * @throws HoneException.ModelException if it is no model that a runtime here knows
   */
  static Model loadResource(Class<?> owner, String name) {
    return load(ModelSource.ofResource(owner, name));
  }

  /**
   * Loads a model from anywhere.
   *
   * @throws HoneException.ModelException if it is no model that a runtime here knows
   */
  static Model load(ModelSource source) {
    Given.value(source, "source of a model", "Take one of ModelSource.");
    return Runtimes.forSource(source).load(source);
  }
}
