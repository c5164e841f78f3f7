package dev.hone;

import org.jspecify.annotations.Nullable;

/** Refuses null, naming what is missing: where a value is used, a bare message would not. */
final class Given {
  private Given() {}

  /**
   * The value, unless it is null.
   *
   * @param what what it is, for example {@code precision of a session}
   * @param remedy what to do instead, as a sentence
   * @throws IllegalArgumentException if it is null
   */
  static <T> T value(@Nullable T value, String what, String remedy) {
    if (value == null) {
      throw new IllegalArgumentException("The " + what + " must not be null. " + remedy);
    }
    return value;
  }
}
