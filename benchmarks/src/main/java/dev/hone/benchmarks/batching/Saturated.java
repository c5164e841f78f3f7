package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.metrics.SessionStats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A session with always the same number of requests under way, from a few threads that do not wait
 * for their answers. The work of a benchmark is that as many are answered as the list of requests
 * has; filling up before a turn, and running empty after it, is not measured.
 */
final class Saturated implements Rival {
  private static final int SENDERS = 2;

  private final Session session;
  private final Workload workload;
  private final int underWayEach;
  private final Semaphore answered = new Semaphore(0);
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final ExecutorService threads = Executors.newFixedThreadPool(SENDERS);
  private final List<Future<?>> senders = new ArrayList<>();
  private volatile boolean isSending;
  private SessionStats.Batches full = SessionStats.EMPTY.batches();
  private long realTokens;
  private long paddedTokens;

  /**
   * Prepares; takes the session over.
   *
   * @param underWay requests that are always under way
   */
  Saturated(Session session, Workload workload, int underWay) {
    this.session = session;
    this.workload = workload;
    this.underWayEach = underWay / SENDERS;
  }

  @Override
  public void beforeTurn() throws Exception {
    isSending = true;
    for (int i = 0; i < SENDERS; i++) {
      int first = i * workload.requests().size() / SENDERS;
      senders.add(
          threads.submit(
              () -> {
                send(first);
                return first;
              }));
    }
    answered.acquire(underWayEach * SENDERS);
    full = session.stats().batches();
  }

  private void send(int first) throws InterruptedException {
    List<Batch> requests = workload.requests();
    Semaphore room = new Semaphore(underWayEach);
    for (int i = first; isSending; i = (i + 1) % requests.size()) {
      room.acquire();
      CompletableFuture<?> unused =
          session
              .runAsync(requests.get(i))
              .whenComplete(
                  (output, failed) -> {
                    if (failed == null) {
                      output.close();
                    } else {
                      failure.compareAndSet(null, failed);
                    }
                    room.release();
                    answered.release();
                  });
    }
    room.acquire(underWayEach);
  }

  @Override
  public void once() throws InterruptedException {
    answered.acquire(workload.requests().size());
  }

  @Override
  public void afterTurn() throws InterruptedException, ExecutionException {
    SessionStats.Batches turn = session.stats().batches().minus(full);
    realTokens += turn.realTokens();
    paddedTokens += turn.paddedTokens();
    isSending = false;
    for (Future<?> sender : senders) {
      sender.get();
    }
    senders.clear();
    answered.drainPermits();
  }

  /** Of the tokens that were computed in all turns, those that were no padding. */
  double realTokenShare() {
    return paddedTokens == 0 ? 1 : realTokens / (double) paddedTokens;
  }

  @Override
  public void check() {
    Throwable failed = failure.get();
    if (failed != null) {
      throw new IllegalStateException("A request failed.", failed);
    }
    List<float[]> answers = workload.answers();
    List<CompletableFuture<Batch>> outputs =
        workload.requests().stream().map(session::runAsync).toList();
    for (int i = 0; i < outputs.size(); i++) {
      try (Batch output = outputs.get(i).join()) {
        workload.check(i, answers.get(i), output.tensor(0).toFloatArray(), 0);
      }
    }
  }

  @Override
  public void close() {
    threads.shutdownNow();
    session.close();
  }
}
