package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Many threads that call one session, each as soon as its last call is answered, until a list of
 * requests is through. The work of a benchmark is the whole list.
 */
public final class Callers implements Rival {
  /** How they call. */
  public enum Manner {
    /** Each waits for its answer. */
    BLOCKING,
    /** Each has a few calls under way at once, as an application with {@code runAsync} would. */
    ASYNC
  }

  private static final int UNDER_WAY = 4;

  private final Session session;
  private final Workload workload;
  private final List<Batch> requests;
  private final List<float[]> answers;
  private final Manner manner;
  private final ExecutorService threads;
  private final int callers;

  /**
   * Prepares; takes the session over.
   *
   * @param workload the requests
   * @param answers what the first output should be for each
   */
  public Callers(
      Session session, Workload workload, List<float[]> answers, Manner manner, int callers) {
    this.session = session;
    this.requests = workload.requests();
    this.answers = answers;
    this.workload = workload;
    this.manner = manner;
    this.callers = callers;
    this.threads = Executors.newFixedThreadPool(callers);
  }

  /** What is done with an answer; closes it. */
  private interface Receiver {
    void take(int request, Batch output);
  }

  @Override
  public void once() throws Exception {
    call((request, output) -> output.close());
  }

  private void call(Receiver receiver) throws InterruptedException, ExecutionException {
    AtomicInteger next = new AtomicInteger();
    each(
        manner == Manner.BLOCKING
            ? () -> block(next, receiver)
            : () -> keepUnderWay(next, receiver));
  }

  private void block(AtomicInteger next, Receiver receiver) {
    for (int i = next.getAndIncrement(); i < requests.size(); i = next.getAndIncrement()) {
      receiver.take(i, session.run(requests.get(i)));
    }
  }

  private void keepUnderWay(AtomicInteger next, Receiver receiver) {
    Deque<CompletableFuture<?>> underWay = new ArrayDeque<>();
    for (int i = next.getAndIncrement(); i < requests.size(); i = next.getAndIncrement()) {
      int request = i;
      underWay.add(
          session.runAsync(requests.get(i)).thenAccept(output -> receiver.take(request, output)));
      if (underWay.size() >= UNDER_WAY) {
        underWay.remove().join();
      }
    }
    underWay.forEach(CompletableFuture::join);
  }

  @Override
  public void check() throws Exception {
    call(
        (request, output) -> {
          try (output) {
            workload.check(request, answers.get(request), output.tensor(0).toFloatArray(), 0);
          }
        });
  }

  private void each(Runnable work) throws InterruptedException, ExecutionException {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
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
