package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntSupplier;

/**
 * Many callers of one session, each of which calls as soon as its last call is answered, until a
 * list of requests is through. The work of a benchmark is the whole list.
 */
public final class Callers implements Rival {
  /** How they call. */
  public enum Manner {
    /** Each is a thread that waits for its answer. */
    BLOCKING,
    /**
     * Each has a few calls under way at once, and none is a thread: answers make the next calls.
     */
    ASYNC
  }

  private static final int UNDER_WAY = 4;

  private final Session session;
  private final Workload workload;
  private final List<Batch> requests;
  private final List<float[]> answers;
  private final Manner manner;
  private final ExecutorService threads; // none unless they are needed
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

  @Override
  public void once() throws Exception {
    call((request, output) -> output.close());
  }

  private void call(AsyncCalls.Receiver receiver) throws InterruptedException, ExecutionException {
    IntSupplier next = AsyncCalls.each(requests.size());
    if (manner == Manner.BLOCKING) {
      block(next, receiver);
    } else {
      AsyncCalls.begin(session, requests, next, receiver, callers * UNDER_WAY).await();
    }
  }

  private void block(IntSupplier next, AsyncCalls.Receiver receiver)
      throws InterruptedException, ExecutionException {
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      running.add(
          threads.submit(
              () -> {
                for (int each = next.getAsInt(); each >= 0; each = next.getAsInt()) {
                  receiver.take(each, session.run(requests.get(each)));
                }
              }));
    }
    for (Future<?> future : running) {
      future.get();
    }
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

  @Override
  public void close() {
    threads.shutdownNow();
    session.close();
  }
}
