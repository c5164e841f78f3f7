package dev.hone.cuda.device;

import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * Keeps everything that would break a capture of CUDA graphs away from it. CUDA looks at the whole
 * process: while one stream captures, an allocation or a wait of any thread, on any device, breaks
 * it. So this lock is one for the process. Sessions that are not on lanes, and those that are being
 * opened, do not hold it: they may break a capture, which is then refused and told. What waits for
 * the device in it may wait long; that holds up captures, and nothing else.
 */
public final class CaptureLock {
  // Fair, so that a capture comes to its turn between many short calls.
  private static final ReentrantReadWriteLock LOCK = new ReentrantReadWriteLock(true);

  private CaptureLock() {}

  /** Held by who captures, alone. */
  public static Lock capturing() {
    return LOCK.writeLock();
  }

  /** Held by who allocates, frees or waits; many may at once, and a thread more than once. */
  public static Lock ordinary() {
    return LOCK.readLock();
  }
}
