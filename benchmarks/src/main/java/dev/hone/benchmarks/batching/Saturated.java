package dev.hone.benchmarks.batching;

import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.metrics.SessionStats;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A session with always the same number of asynchronous calls under way. The work of a benchmark is
 * that as many are answered as the list of requests has; filling up before a turn, and running
 * empty after it, is not measured.
 */
final class Saturated implements Rival {
  private final Session session;
  private final Workload workload;
  private final List<float[]> answers;
  private final int underWay;
  private final AtomicInteger taken = new AtomicInteger();
  private volatile CountDownLatch ended = new CountDownLatch(0); // calls that are waited for
  private volatile boolean isCalling;
  private @Nullable AsyncCalls calls;
  private SessionStats.Batches full = SessionStats.EMPTY.batches();
  private long realTokens;
  private long paddedTokens;

  /**
   * Prepares; takes the session over.
   *
   * @param answers what the first output should be for each request
   * @param underWay calls that are always under way
   */
  Saturated(Session session, Workload workload, List<float[]> answers, int underWay) {
    this.session = session;
    this.workload = workload;
    this.answers = answers;
    this.underWay = underWay;
  }

  @Override
  public void beforeTurn() throws Exception {
    isCalling = true;
    ended = new CountDownLatch(2 * underWay); // those that begin, and as many again
    calls =
        AsyncCalls.begin(
            session, workload.requests(), this::next, (request, out) -> out.close(), underWay);
    ended.await();
    full = session.stats().batches();
  }

  /** Asked for when a call has ended, however it did. */
  private int next() {
    ended.countDown();
    return isCalling ? Math.floorMod(taken.getAndIncrement(), workload.requests().size()) : -1;
  }

  @Override
  public void once() throws InterruptedException {
    ended = new CountDownLatch(workload.requests().size());
    ended.await();
  }

  @Override
  public void afterTurn() throws InterruptedException, ExecutionException {
    SessionStats.Batches turn = session.stats().batches().minus(full);
    realTokens += turn.realTokens();
    paddedTokens += turn.paddedTokens();
    isCalling = false;
    if (calls != null) {
      calls.await();
    }
  }

  /** Of the tokens that were computed in all turns, those that were no padding. */
  double realTokenShare() {
    return paddedTokens == 0 ? 1 : realTokens / (double) paddedTokens;
  }

  @Override
  public void check() throws InterruptedException, ExecutionException {
    AsyncCalls.begin(
            session,
            workload.requests(),
            AsyncCalls.each(answers.size()),
            (request, output) -> {
              try (output) {
                workload.check(request, answers.get(request), output.tensor(0).toFloatArray(), 0);
              }
            },
            underWay)
        .await();
  }

  @Override
  public void close() {
    session.close();
  }
}
