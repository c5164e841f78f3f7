package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Session;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Always so many asynchronous calls under way: whoever gets an answer makes the next call. No
 * thread waits for an answer, so none has to be woken for it; that is what asynchronous calls are
 * for.
 */
final class AsyncCalls {
  /** What is done with an answer; closes it. */
  interface Receiver {
    void take(int request, Batch output);
  }

  private final Session session;
  private final List<Batch> requests;
  private final IntSupplier next;
  private final Receiver receiver;
  private final CountDownLatch running;
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

  private AsyncCalls(
      Session session, List<Batch> requests, IntSupplier next, Receiver receiver, int underWay) {
    this.session = session;
    this.requests = requests;
    this.next = next;
    this.receiver = receiver;
    this.running = new CountDownLatch(underWay);
  }

  /** Each of so many requests once, in their order; for any number of threads. */
  static IntSupplier each(int requests) {
    AtomicInteger taken = new AtomicInteger();
    return () -> {
      int request = taken.getAndIncrement();
      return request < requests ? request : -1;
    };
  }

  /**
   * Makes the first calls.
   *
   * @param next the index of the next request, negative if there shall be no more
   * @param underWay how many calls at once
   */
  static AsyncCalls begin(
      Session session, List<Batch> requests, IntSupplier next, Receiver receiver, int underWay) {
    AsyncCalls calls = new AsyncCalls(session, requests, next, receiver, underWay);
    for (int i = 0; i < underWay; i++) {
      calls.call();
    }
    return calls;
  }

  private void call() {
    int request = next.getAsInt();
    if (request < 0 || failure.get() != null) {
      running.countDown();
      return;
    }
    CompletableFuture<Batch> answer;
    try {
      answer = session.runAsync(requests.get(request));
    } catch (RuntimeException | Error e) {
      answer = CompletableFuture.failedFuture(e);
    }
    CompletableFuture<?> unused = answer.whenComplete((out, e) -> answered(request, out, e));
  }

  private void answered(int request, @Nullable Batch output, @Nullable Throwable failed) {
    try {
      if (output == null) {
        failure.compareAndSet(null, failed);
      } else {
        receiver.take(request, output);
      }
    } catch (RuntimeException | Error e) {
      failure.compareAndSet(null, e);
    } finally {
      call();
    }
  }

  /**
   * Waits until there is no next request and all have been answered.
   *
   * @throws ExecutionException if a call or its receiver failed
   */
  void await() throws InterruptedException, ExecutionException {
    running.await();
    Throwable failed = failure.get();
    if (failed != null) {
      throw new ExecutionException(failed);
    }
  }
}
