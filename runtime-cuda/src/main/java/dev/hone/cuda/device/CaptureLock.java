package dev.hone.cuda.device;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Supplier;

/**
 * Keeps everything that would break a capture of CUDA graphs away from it. CUDA looks at the whole
 * process: while one stream captures, an allocation or a wait of any thread, on any device, breaks
 * it. So this lock is one for the process. Runs of sessions that are not on lanes, whose models
 * take or give sequences, do not hold it: they may break a capture, which is then refused and told.
 *
 * <p>It is fair: a capture waits for who waits for the device, for a moment at most, and who comes
 * after it waits for the capture.
 */
public final class CaptureLock {
  // Fair, so that a capture comes to its turn between many short calls.
  private static final ReentrantReadWriteLock LOCK = new ReentrantReadWriteLock(true);

  private CaptureLock() {}

  /**
   * Held by who captures, alone. To be tried for a moment, never waited for without end: whoever
   * comes to the lock after one that waits stands behind it, and may be who the others need to come
   * to an end.
   */
  public static Lock capturing() {
    return LOCK.writeLock();
  }

  /** Held by who allocates, frees or waits; many may at once, and a thread more than once. */
  public static Lock ordinary() {
    return LOCK.readLock();
  }

  /** Does something while nobody captures. */
  public static <T> T outside(Supplier<T> work) {
    Lock lock = ordinary();
    lock.lock();
    try {
      return work.get();
    } finally {
      lock.unlock();
    }
  }
}
