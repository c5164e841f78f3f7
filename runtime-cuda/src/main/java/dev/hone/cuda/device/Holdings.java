package dev.hone.cuda.device;

import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * What was opened on a device and not yet closed. The garbage collector closes none of it: it knows
 * no order, and what a stream still works on must stay. So a forgotten close is told, not mended.
 */
final class Holdings {
  private static final boolean STRICT =
      "strict".equals(System.getProperty("hone.leaks", "").toLowerCase(Locale.ROOT));

  private final Set<Holding> open = ConcurrentHashMap.newKeySet();

  /** One thing that is open. Equal to itself alone. */
  static final class Holding {
    private final String what;
    private final @Nullable StackTraceElement site;

    private Holding(String what, @Nullable StackTraceElement site) {
      this.what = what;
      this.site = site;
    }

    private String describe() {
      return site == null ? what : what + ", opened at " + site;
    }
  }

  Holding add(String what) {
    Holding holding = new Holding(what, STRICT ? site() : null);
    open.add(holding);
    return holding;
  }

  /** Whether it was open until now. */
  boolean remove(Holding holding) {
    return open.remove(holding);
  }

  List<String> describe() {
    return open.stream().map(Holding::describe).sorted().toList();
  }

  /** The first caller outside this package. */
  private static @Nullable StackTraceElement site() {
    String here = Holdings.class.getPackageName() + ".";
    return StackWalker.getInstance()
        .walk(
            frames ->
                frames
                    .map(StackWalker.StackFrame::toStackTraceElement)
                    .filter(frame -> !isHere(frame, here))
                    .findFirst()
                    .orElse(null));
  }

  private static boolean isHere(StackTraceElement frame, String here) {
    String name = frame.getClassName();
    return name.startsWith(here) && !name.endsWith("Test");
  }
}
