package dev.hone.batching;

import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The right to run one batch at a time, and a thread that can use it. Callers use it without the
 * thread; who holds the lane and does not want it any more hands it to its thread.
 */
final class Lane {
  /** What the thread does with a lane that was handed to it, until the lane is free again. */
  interface Service {
    /** Serves what waits, beginning with this flight if there is one. Must not throw. */
    void serve(Lane lane, @Nullable Flight first);
  }

  private static final Object NOTHING = new Object();
  private static final Object NO_FLIGHT = new Object();

  final int index;
  private final Service service;
  private final Thread thread;
  private final AtomicReference<Object> handed = new AtomicReference<>(NOTHING);
  private volatile boolean stopped;

  /** When it will probably be free, by System.nanoTime; while it is taken. */
  volatile long freeAtNanos;

  Lane(int index, Service service) {
    this.index = index;
    this.service = service;
    this.thread = new Thread(this::run, "hone-batcher-" + index);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /** Gives the lane to its thread; only who holds the lane may. */
  void handOver(@Nullable Flight first) {
    handed.set(first == null ? NO_FLIGHT : first);
    LockSupport.unpark(thread);
  }

  private void run() {
    while (true) {
      Object got = handed.getAndSet(NOTHING);
      if (got != NOTHING) {
        service.serve(this, got instanceof Flight flight ? flight : null);
      } else if (stopped) {
        return;
      } else {
        LockSupport.park(this);
        Thread.interrupted(); // or parking would return at once for ever
      }
    }
  }

  void stop() {
    stopped = true;
    LockSupport.unpark(thread);
  }

  void awaitStopped() {
    boolean interrupted = false;
    while (thread.isAlive() && Thread.currentThread() != thread) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
