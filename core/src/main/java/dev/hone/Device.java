package dev.hone;

/**
 * Where a session computes.
 *
 * @param kind the kind of processor
 * @param ordinal which one of its kind, from 0; always 0 for {@link Kind#CPU} and {@link Kind#BEST}
 */
public record Device(Kind kind, int ordinal) {
  /** A kind of processor. */
  public enum Kind {
    /** The processor that runs Java. */
    CPU,
    /** An NVIDIA GPU. */
    CUDA,
    /** The fastest device that works here; a session says which one that was. */
    BEST
  }

  /** Refuses no kind, and an ordinal that is negative, or that is not 0 where there is only one. */
  public Device {
    Given.value(kind, "kind of a device", "Take Device.cpu(), for example.");
    if (ordinal < 0 || (ordinal > 0 && kind != Kind.CUDA)) {
      throw new IllegalArgumentException(
          "The ordinal must be 0, or at least 0 for CUDA, but is "
              + ordinal
              + " for "
              + kind
              + ".");
    }
  }

  /** The processor that runs Java. */
  public static Device cpu() {
    return new Device(Kind.CPU, 0);
  }

  /**
   * The NVIDIA GPU with this number, from 0. A session that cannot be had there is an error that
   * says what is in the way, and what to do about it.
   */
  public static Device cuda(int ordinal) {
    return new Device(Kind.CUDA, ordinal);
  }

  /**
   * The fastest device that works here. Asking for it is agreeing to a CPU: where a GPU could be
   * used but for something that can be put right, a warning in the log says so, once. A session
   * tells by {@link Session#device} which it is; when a GPU fails for good, its work moves to the
   * CPU.
   */
  public static Device best() {
    return new Device(Kind.BEST, 0);
  }

  /** For example {@code cpu} or {@code cuda:0}. */
  @Override
  public String toString() {
    return switch (kind) {
      case CPU -> "cpu";
      case CUDA -> "cuda:" + ordinal;
      case BEST -> "best";
    };
  }
}
