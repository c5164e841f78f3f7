package dev.hone.batching;

import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Requests that a run answered and nobody blocks for, until their futures are completed. Dependents
 * of futures are the application's code, and must not hold up a lane or each other: an executor
 * runs them.
 *
 * <p>It gets one task that completes them all, not one for each. Before that completes the first it
 * submits another one that helps, which does the same, as long as any are left: so dependents that
 * block keep nobody waiting, and for quick ones few threads are woken.
 *
 * <p>The newest comes first. A caller with several calls under way usually waits for the oldest:
 * when it is woken it finds the others done, and need not be woken for each.
 */
final class Answers {
  private final AtomicReference<@Nullable AsyncRequest> top = new AtomicReference<>();
  private final RequestEvents events;

  /** None yet; they are going to be of this batcher. */
  Answers(RequestEvents events) {
    this.events = events;
  }

  /** Adds a request that is about to be answered; only before {@link #complete}. */
  void add(AsyncRequest request) {
    request.nextAnswered = top.getPlain();
    top.setPlain(request);
  }

  /** Tells the batcher, which completes them. */
  void tell() {
    events.finish(this);
  }

  /**
   * Completes all: those with dependents on the executor, unless that takes no task or runs it on
   * this thread.
   *
   * @param first what is done with each before any is completed
   */
  void complete(Executor executor, Consumer<AsyncRequest> first) {
    for (AsyncRequest request = top.getPlain(); request != null; request = request.nextAnswered) {
      first.accept(request);
    }
    setAsideThoseWithDependents();
    if (top.get() != null && !submit(executor)) {
      complete(take());
    }
  }

  private void setAsideThoseWithDependents() {
    AsyncRequest request = top.getPlain();
    AsyncRequest last = null;
    top.setPlain(null);
    while (request != null) {
      AsyncRequest after = request.nextAnswered;
      request.nextAnswered = null;
      if (!request.hasDependents()) {
        request.finish(request.end());
      } else if (last == null) {
        top.setPlain(request);
        last = request;
      } else {
        last.nextAnswered = request;
        last = request;
      }
      request = after;
    }
  }

  /** Whether another thread is going to complete what is left. */
  private boolean submit(Executor executor) {
    Turn turn = new Turn(executor);
    try {
      executor.execute(turn);
    } catch (RuntimeException | Error e) { // better here than never
      return false;
    }
    turn.submitter = null;
    return !turn.cameBack;
  }

  private @Nullable AsyncRequest take() {
    AsyncRequest request = top.get();
    while (request != null && !top.compareAndSet(request, request.nextAnswered)) {
      request = top.get();
    }
    if (request != null) {
      request.nextAnswered = null; // who keeps one future shall not keep the others
    }
    return request;
  }

  private void complete(@Nullable AsyncRequest first) {
    for (AsyncRequest request = first; request != null; request = take()) {
      request.finish(request.end());
    }
  }

  /** One thread's part in completing them. */
  private final class Turn implements Runnable {
    private final Executor executor;
    private @Nullable Thread submitter = Thread.currentThread(); // until it is submitted
    private boolean cameBack; // the executor ran it where it came from

    Turn(Executor executor) {
      this.executor = executor;
    }

    @Override
    public void run() {
      if (submitter == Thread.currentThread()) {
        cameBack = true; // who submits goes on by itself, rather than one deeper each time
        return;
      }
      AsyncRequest request = take();
      if (top.get() != null) {
        submit(executor);
      }
      complete(request);
    }
  }
}
