package dev.hone.memory;

import java.lang.System.Logger;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicIntegerFieldUpdater;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds what was opened and never closed.
 *
 * <p>Everything with native memory behind it is tracked: when it becomes unreachable without having
 * been closed, its memory is freed all the same, and the leak is counted. For a sample of them the
 * stack of the opening is kept and logged with the leak, as a warning of the logger {@code
 * dev.hone.memory}. Leaks are noticed when something else is opened, so a program that does nothing
 * reports nothing.
 *
 * <p>The system property {@code hone.leaks} says how many are sampled: {@code off} none, {@code
 * sampled} (the default) one in 128, {@code strict} all; tests want {@code strict}.
 */
public final class LeakDetection {
  private static final int SAMPLE_ONE_IN = 128;
  private static final ReferenceQueue<Object> UNREACHABLE = new ReferenceQueue<>();
  private static final Set<Lifeline> OPEN = ConcurrentHashMap.newKeySet();
  private static final AtomicLong LEAKS = new AtomicLong();

  private LeakDetection() {}

  private enum Level {
    OFF,
    SAMPLED,
    STRICT;

    static final Level CONFIGURED = read();

    private static Level read() {
      String property = System.getProperty("hone.leaks", "sampled").toUpperCase(Locale.ROOT);
      for (Level level : values()) {
        if (level.name().equals(property)) {
          return level;
        }
      }
      return SAMPLED;
    }

    boolean sample() {
      return this == STRICT
          || (this == SAMPLED && ThreadLocalRandom.current().nextInt(SAMPLE_ONE_IN) == 0);
    }
  }

  /** Where something was opened. Never thrown: it carries a stack. */
  private static final class Opening extends Exception {
    private static final long serialVersionUID = 1L;

    Opening(String what) {
      super("This " + what + " was opened here and never closed.");
    }
  }

  /** Ties a resource to what frees it: run once, by the first of close and the collector. */
  public static final class Lifeline extends PhantomReference<Object> {
    private static final AtomicIntegerFieldUpdater<Lifeline> DONE =
        AtomicIntegerFieldUpdater.newUpdater(Lifeline.class, "done");

    private volatile int done; // 1: freed. No object of its own: there are very many of these
    private final String what;
    private final Runnable free;
    private final @Nullable Opening opening;

    Lifeline(Object resource, String what, Runnable free, @Nullable Opening opening) {
      super(resource, UNREACHABLE);
      this.what = what;
      this.free = free;
      this.opening = opening;
    }

    /** The resource was closed: frees what is behind it, unless that was done before. */
    public void cut() {
      if (DONE.compareAndSet(this, 0, 1)) {
        OPEN.remove(this);
        free.run();
      }
    }
  }

  /**
   * Begins to watch a resource.
   *
   * @param resource what applications hold and should close
   * @param what a word for it in the report, for example {@code session}
   * @param free frees what is behind it; must not refer to {@code resource}
   */
  public static Lifeline track(Object resource, String what, Runnable free) {
    reportUnreachable();
    Opening opening = Level.CONFIGURED.sample() ? new Opening(what) : null;
    Lifeline lifeline = new Lifeline(resource, what, free, opening);
    OPEN.add(lifeline);
    return lifeline;
  }

  /** The number of leaks found so far in this process. */
  public static long leaks() {
    reportUnreachable();
    return LEAKS.get();
  }

  /**
   * The number of things that are open now: neither closed nor found leaking. A test that closes
   * all it opens leaves this as it was.
   */
  public static int open() {
    reportUnreachable();
    return OPEN.size();
  }

  private static void reportUnreachable() {
    for (Object found = UNREACHABLE.poll(); found != null; found = UNREACHABLE.poll()) {
      Lifeline lifeline = (Lifeline) found;
      if (lifeline.done == 0) {
        LEAKS.incrementAndGet();
        lifeline.cut();
        if (Level.CONFIGURED != Level.OFF) {
          log(lifeline);
        }
      }
    }
  }

  private static void log(Lifeline lifeline) {
    Logger logger = System.getLogger("dev.hone.memory");
    String message =
        "A "
            + lifeline.what
            + " was not closed; it was freed because nothing refers to it any more. ";
    if (lifeline.opening != null) {
      logger.log(Logger.Level.WARNING, message + "It was opened here:", lifeline.opening);
    } else {
      logger.log(
          Logger.Level.WARNING,
          message + "Run with -Dhone.leaks=strict to see where it was opened.");
    }
  }
}
