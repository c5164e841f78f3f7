package dev.hone.memory;

import java.lang.System.Logger;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Finds what was opened and never closed.
 *
 * <p>Everything with native memory behind it is tracked: when it becomes unreachable without having
 * been closed, its memory is freed all the same, and the leak is counted. For a sample of them the
 * stack of the opening is kept and logged with the leak, as a warning of the logger {@code
 * dev.hone.memory}; of the others the first, second, fourth, eighth and so on are logged.
 *
 * <p><b>Threads.</b> Hone has no thread for this: what was forgotten is closed and reported by the
 * next thread that opens something, a tensor or a session, or that asks {@link #leaks} or {@link
 * #open}. A program that does neither reports nothing and keeps what it forgot. That thread waits
 * until all is closed, but is spared what fails there: it is logged as a warning.
 *
 * <p>The system property {@code hone.leaks} says how many are sampled: {@code off} none, {@code
 * sampled} (the default) one in 128, {@code strict} all; tests want {@code strict}.
 */
public final class LeakDetection {
  private static final int SAMPLE_ONE_IN = 128;
  private static final int LISTS = 16;
  private static final ReferenceQueue<Object> UNREACHABLE = new ReferenceQueue<>();
  private static final OpenList[] OPEN = openLists();
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

    private final String what;

    Opening(String what) {
      super("This " + what + " was opened here and never closed.");
      this.what = what;
    }
  }

  /**
   * Ties a resource to what frees it: run once, by the first of close and the collector. There are
   * very many of these, so what belongs to the list of open ones is in them.
   */
  public static final class Lifeline extends PhantomReference<Object> {
    private final Object what; // a String, or the Opening of one that was sampled
    private final Runnable free;
    private final OpenList list;
    private @Nullable Lifeline previous;
    private @Nullable Lifeline next;

    Lifeline(Object resource, Object what, Runnable free, OpenList list) {
      super(resource, UNREACHABLE);
      this.what = what;
      this.free = free;
      this.list = list;
    }

    /** The resource was closed: frees what is behind it, unless that was done before. */
    public void cut() {
      if (list.remove(this)) {
        free.run();
      }
    }
  }

  /** Lifelines that are not cut: what keeps them reachable until the collector finds a leak. */
  private static final class OpenList {
    private final Lifeline ends = new Lifeline(this, "", () -> {}, this); // a ring, these included
    private int size;

    OpenList() {
      ends.previous = ends;
      ends.next = ends;
    }

    synchronized void add(Lifeline lifeline) {
      Lifeline last = Objects.requireNonNull(ends.previous);
      lifeline.previous = last;
      lifeline.next = ends;
      last.next = lifeline;
      ends.previous = lifeline;
      size++;
    }

    /** Whether it was still there. */
    synchronized boolean remove(Lifeline lifeline) {
      Lifeline before = lifeline.previous;
      Lifeline after = lifeline.next;
      if (before == null || after == null) {
        return false;
      }
      before.next = after;
      after.previous = before;
      lifeline.previous = null;
      lifeline.next = null;
      size--;
      return true;
    }

    synchronized int size() {
      return size;
    }
  }

  /** Several, so that threads rarely wait for each other. */
  private static OpenList[] openLists() {
    OpenList[] lists = new OpenList[LISTS];
    for (int i = 0; i < LISTS; i++) {
      lists[i] = new OpenList();
    }
    return lists;
  }

  /**
   * Begins to watch a resource.
   *
   * @param resource what applications hold and should close
   * @param what a word for it in the report, for example {@code session}
   * @param free frees what is behind it; must not refer to {@code resource}
   */
  public static Lifeline track(Object resource, String what, Runnable free) {
    Objects.requireNonNull(resource, "resource to watch");
    Objects.requireNonNull(what, "word for a resource to watch");
    Objects.requireNonNull(free, "freeing of a resource to watch");
    reportUnreachable();
    Object known = Level.CONFIGURED.sample() ? new Opening(what) : what;
    OpenList list = OPEN[(int) Thread.currentThread().getId() & (LISTS - 1)];
    Lifeline lifeline = new Lifeline(resource, known, free, list);
    list.add(lifeline);
    return lifeline;
  }

  /**
   * The number of leaks found so far in this process, after what is unreachable by now was closed
   * in this thread.
   */
  public static long leaks() {
    reportUnreachable();
    return LEAKS.get();
  }

  /**
   * The number of things that are open now: neither closed nor found leaking. What is unreachable
   * by now is closed in this thread first. A test that closes all it opens leaves this as it was.
   */
  public static int open() {
    reportUnreachable();
    int open = 0;
    for (OpenList list : OPEN) {
      open += list.size();
    }
    return open;
  }

  /** Frees and reports what the collector has found since this was last asked. */
  private static void reportUnreachable() {
    for (Object found = UNREACHABLE.poll(); found != null; found = UNREACHABLE.poll()) {
      Lifeline lifeline = (Lifeline) found;
      if (lifeline.list.remove(lifeline)) {
        free(lifeline, LEAKS.incrementAndGet());
      }
    }
  }

  /** Throws nothing: whoever happens to be here is not to blame for what another forgot. */
  private static void free(Lifeline lifeline, long number) {
    try {
      lifeline.free.run();
      if (Level.CONFIGURED != Level.OFF) {
        log(lifeline, number);
      }
    } catch (RuntimeException | Error e) {
      Object what = lifeline.what;
      if (what instanceof Opening opening) {
        e.addSuppressed(opening);
        what = opening.what;
      }
      System.getLogger("dev.hone.memory")
          .log(
              Logger.Level.WARNING,
              "This "
                  + what
                  + " was not closed, and freeing it failed. Close it after its last use.",
              e);
    }
  }

  private static void log(Lifeline lifeline, long number) {
    Logger logger = System.getLogger("dev.hone.memory");
    if (lifeline.what instanceof Opening opening) {
      logger.log(Logger.Level.WARNING, notClosed(opening.what) + "It was opened here:", opening);
    } else if (isTold(number)) {
      logger.log(Logger.Level.WARNING, text((String) lifeline.what, number));
    }
  }

  /** One that leaks at each request must not fill the log: the first, second, fourth, eighth, … */
  static boolean isTold(long number) {
    return Long.bitCount(number) == 1;
  }

  /** What is said of a leak of which nobody knows where it was opened. */
  static String text(String what, long number) {
    return notClosed(what)
        + (number == 1 ? "" : "It is leak number " + number + ". ")
        + "Close sessions, batches and tensors, best with try (...) {}; run with"
        + " -Dhone.leaks=strict to see where each was opened.";
  }

  private static String notClosed(String what) {
    return "This " + what + " was not closed; it was freed because nothing refers to it any more. ";
  }
}
