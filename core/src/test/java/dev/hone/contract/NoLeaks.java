package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.memory.LeakDetection;
import dev.hone.memory.Memory;
import java.lang.ref.PhantomReference;
import java.lang.ref.ReferenceQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails a test that forgets to close something, or after which native memory is not back where it
 * was. For tests of one thread at a time:
 *
 * <pre>{@code
 * @ExtendWith(NoLeaks.class)
 * class SearchTest { ... }
 * }</pre>
 *
 * <p>Costs next to nothing where all is closed. With {@code -Dhone.leaks=strict} the log says where
 * a forgotten thing was opened.
 */
public final class NoLeaks implements BeforeAllCallback, BeforeEachCallback, AfterEachCallback {
  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(NoLeaks.class);
  private static final AtomicLong EXPECTED = new AtomicLong();
  private static final long PATIENCE_NANOS = 30_000_000_000L;

  /** For JUnit. */
  public NoLeaks() {}

  /** What is there at one time. */
  record Holdings(int open, long leaks, long liveBytes) {
    static Holdings now() {
      return new Holdings(LeakDetection.open(), LeakDetection.leaks(), Memory.stats().liveBytes());
    }
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    collect(); // what earlier tests forgot is not the fault of these
    awaitFreed();
  }

  /**
   * Closed memory whose last view is gone is freed in a thread that may not have come to it yet.
   */
  private static void awaitFreed() {
    long deadlineNanos =
        System.nanoTime() + 100_000_000L; // less: some views live as long as a class
    while (Memory.stats().deferredBytes() > 0 && System.nanoTime() - deadlineNanos < 0) {
      LockSupport.parkNanos(1_000_000);
    }
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    context.getStore(NAMESPACE).put(Holdings.class, Holdings.now());
  }

  @Override
  public void afterEach(ExtensionContext context) {
    verifyNothingNew(
        context.getStore(NAMESPACE).get(Holdings.class, Holdings.class), PATIENCE_NANOS);
  }

  static void verifyNothingNew(Holdings before, long patienceNanos) {
    Holdings after = Holdings.now();
    long deadlineNanos = System.nanoTime() + patienceNanos;
    while (exceeds(after, before) && System.nanoTime() - deadlineNanos < 0) {
      collect(); // other threads may still close, and viewed memory waits for the collector
      after = Holdings.now();
    }
    long leaks = after.leaks - before.leaks - EXPECTED.getAndSet(0);
    assertThat(leaks + Math.max(0, after.open - before.open))
        .as("Things that this test opened and did not close; the log says where")
        .isZero();
    assertThat(Math.max(0, after.liveBytes - before.liveBytes))
        .as("Bytes of native memory that this test left behind")
        .isZero();
  }

  private static boolean exceeds(Holdings after, Holdings before) {
    return after.open > before.open || after.liveBytes > before.liveBytes;
  }

  /**
   * Counts the leaks of code that leaks on purpose, and does not hold them against the test.
   *
   * @param leaking opens something and forgets it
   */
  public static long leaksOf(Runnable leaking) {
    collect();
    long before = LeakDetection.leaks();
    leaking.run();
    collect();
    long leaks = LeakDetection.leaks() - before;
    EXPECTED.addAndGet(leaks);
    return leaks;
  }

  /** Returns when the garbage collector has found all that is unreachable now. */
  public static void collect() {
    // References are enqueued in any order, but those of one collection before those of the next.
    awaitCollection();
    awaitCollection();
  }

  private static void awaitCollection() {
    ReferenceQueue<Object> queue = new ReferenceQueue<>();
    PhantomReference<Object> sentinel = new PhantomReference<>(new Object(), queue);
    try {
      do {
        System.gc();
      } while (queue.remove(100) != sentinel);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
