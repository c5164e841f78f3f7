package dev.hone.benchmarks.batching;

import dev.hone.Session;
import dev.hone.benchmarks.batching.Prepared.Part;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Runs prepared batches, so many at once, on one session. */
final class OracleLanes implements AutoCloseable {
  private final int atOnce;
  private final Session session;
  private final ExecutorService threads;

  /**
   * Opens the model of a workload.
   *
   * @param atOnce batches that run at once; if more than one, each on one thread, and else on all
   */
  OracleLanes(Workload workload, int atOnce) {
    this.atOnce = atOnce;
    session = workload.open(atOnce == 1 ? 0 : 1);
    threads = Executors.newFixedThreadPool(atOnce);
  }

  Session session() {
    return session;
  }

  /** Runs all batches. */
  void run(Prepared prepared) throws InterruptedException, ExecutionException {
    List<Part> parts = prepared.parts();
    AtomicInteger next = new AtomicInteger();
    together(
        () -> {
          for (int i = next.getAndIncrement(); i < parts.size(); i = next.getAndIncrement()) {
            session.run(parts.get(i).input()).close();
          }
          return null;
        });
  }

  /** Runs both sizes of batches that there are, on each thread: the first run of a size is slow. */
  void warmUp(Prepared prepared) throws InterruptedException, ExecutionException {
    List<Part> parts = prepared.parts();
    together(
        () -> {
          session.run(parts.get(0).input()).close();
          session.run(parts.get(parts.size() - 1).input()).close();
          return null;
        });
  }

  private void together(Callable<?> work) throws InterruptedException, ExecutionException {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < atOnce; i++) {
      running.add(threads.submit(work));
    }
    for (Future<?> future : running) {
      future.get();
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    session.close();
  }
}
