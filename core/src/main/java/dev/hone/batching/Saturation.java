package dev.hone.batching;

import dev.hone.Batch;
import dev.hone.Session;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** Measures how many rows a session serves when so many batches run on it at once, all the time. */
final class Saturation {
  static final int SHORT = 16; // tokens, of rows that have any: a sentence
  static final int LONG = 64; // a paragraph
  static final int LONGER = 256; // a page

  private final Session session;
  private final Samples samples;

  Saturation(Session session, Samples samples) {
    this.session = session;
    this.samples = samples;
  }

  /**
   * Rows in a second.
   *
   * @param batches how many run at once
   * @param rows in each
   * @param length tokens of a row, if it has any
   * @param nanos how long to measure; each thread runs once at least
   */
  double rowsPerSecond(int batches, int rows, int length, long nanos) {
    AtomicLong runs = new AtomicLong();
    long begin = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    Failures failures = new Failures();
    for (int i = 0; i < batches; i++) {
      Thread thread =
          new Thread(
              () -> failures.guard(() -> runFor(rows, length, nanos, runs)),
              "hone-batcher-warm-up");
      thread.setDaemon(true);
      thread.start();
      threads.add(thread);
    }
    threads.forEach(Saturation::join);
    failures.rethrow();
    return runs.get() * rows * 1e9 / (System.nanoTime() - begin);
  }

  private void runFor(int rows, int length, long nanos, AtomicLong runs) {
    try (Batch in = samples.rows(0, rows, length, false)) {
      long begin = System.nanoTime();
      do {
        session.run(in).close();
        runs.incrementAndGet();
      } while (System.nanoTime() - begin < nanos);
    }
  }

  private static void join(Thread thread) {
    boolean interrupted = false;
    while (thread.isAlive()) {
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

  /** Carries the first failure of the measuring threads to the one that opens. */
  private static final class Failures {
    private @Nullable Throwable first;

    void guard(Runnable work) {
      try {
        work.run();
      } catch (RuntimeException | Error e) {
        synchronized (this) {
          first = first == null ? e : first;
        }
      }
    }

    synchronized void rethrow() {
      if (first instanceof Error e) {
        throw e;
      }
      if (first instanceof RuntimeException e) {
        throw e;
      }
    }
  }
}
