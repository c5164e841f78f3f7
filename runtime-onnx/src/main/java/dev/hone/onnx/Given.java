package dev.hone.onnx;

import org.jspecify.annotations.Nullable;

/** Refuses null in the words of the house. */
final class Given {
  private Given() {}

  /**
   * The value, unless it is null.
   *
   * @param what what it is, for example {@code model to quantize}
   * @param remedy what to do instead, as a sentence
   * @throws IllegalArgumentException if it is null
   */
  static <T> T value(@Nullable T value, String what, String remedy) {
    if (value == null) {
      throw new IllegalArgumentException("The " + what + " must not be null. " + remedy);
    }
    return value;
  }

  /** The value of an option of this name, unless it is null. */
  static <T> T option(@Nullable T value, String name) {
    return value(value, "option " + name, "Leave the call out for the default.");
  }
}
