package dev.hone.batching;

import dev.hone.Session;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** What kind of thread is calling, and how many may work. */
final class Threads {
  private static final @Nullable MethodHandle IS_VIRTUAL = findIsVirtual();

  private Threads() {}

  private static @Nullable MethodHandle findIsVirtual() {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(Thread.class, "isVirtual", MethodType.methodType(boolean.class));
    } catch (ReflectiveOperationException e) {
      return null; // before Java 21
    }
  }

  /** How many runs of a session keep all processors busy; at least 1. */
  static int runsAtOnce(Session session) {
    int processors = Runtime.getRuntime().availableProcessors();
    return Math.max(1, processors / Math.max(1, session.report().threads()));
  }

  /**
   * Whether the current thread may run native code for long. A virtual one would block its carrier,
   * and with it all that wait for a carrier.
   */
  static boolean mayRunNative() {
    if (IS_VIRTUAL == null) {
      return true;
    }
    try {
      return !(boolean) IS_VIRTUAL.invokeExact(Thread.currentThread());
    } catch (Throwable e) {
      throw new AssertionError(e);
    }
  }
}
