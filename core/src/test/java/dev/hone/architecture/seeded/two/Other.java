package dev.hone.architecture.seeded.two;

import dev.hone.architecture.seeded.one.Broken;
import org.jspecify.annotations.Nullable;

/** The other half of a cycle. */
public final class Other {
  /** Refers back. */
  public static final @Nullable Broken broken = null;

  private Other() {}
}
