package dev.hone.architecture.seeded.one;

import dev.hone.architecture.seeded.two.Other;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/** Breaks every rule of the house, so that a test can see the rules report it. */
public class Broken {
  /** Lets native code out. */
  public @Nullable Pointer leaked() {
    return Other.broken == null ? null : new Pointer();
  }
}
