package dev.hone.benchmarks.batching;

import dev.hone.Batch;
import dev.hone.Device;
import dev.hone.Precision;
import dev.hone.RunOptions;
import dev.hone.Session;
import dev.hone.SessionReport;
import dev.hone.Signature;
import dev.hone.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Batching as one would write it in an afternoon: a queue, a thread that takes up to sixteen of
 * what waits in the order of arrival, pads rows of token ids to the longest, runs them, and hands
 * out the rows. For requests of one row and models with one output.
 */
public final class FifoBatcher implements Session {
  private static final int MOST_ROWS = 16;

  private record Request(Batch input, CompletableFuture<Batch> answer) {}

  private final Session session;
  private final BlockingQueue<Request> queue = new LinkedBlockingQueue<>();
  private final Thread worker = new Thread(this::work, "fifo");

  /** Takes the session over. */
  public FifoBatcher(Session session) {
    this.session = session;
    worker.setDaemon(true);
    worker.start();
  }

  private void work() {
    List<Request> requests = new ArrayList<>();
    try {
      while (true) {
        requests.clear();
        requests.add(queue.take());
        queue.drainTo(requests, MOST_ROWS - 1);
        answer(requests);
      }
    } catch (InterruptedException e) {
      requests.forEach(request -> request.answer.completeExceptionally(e));
    }
  }

  private void answer(List<Request> requests) {
    try (Batch input = joined(requests.stream().map(Request::input).toList());
        Batch output = session.run(input)) {
      for (int row = 0; row < requests.size(); row++) {
        requests.get(row).answer.complete(output.slice(row, row + 1));
      }
    } catch (RuntimeException e) {
      requests.forEach(request -> request.answer.completeExceptionally(e));
    }
  }

  /** The rows of all, those of token ids padded to the longest. The caller closes it. */
  static Batch joined(List<Batch> inputs) {
    if (inputs.get(0).indexOf("input_ids") < 0) {
      return Batch.join(inputs);
    }
    List<String> names = inputs.get(0).names();
    List<Tensor> tensors = new ArrayList<>();
    for (String name : names) {
      long[][] rows =
          inputs.stream().map(input -> input.get(name).toLongArray()).toArray(long[][]::new);
      tensors.add(Tensor.of(Batch.pad(rows, 0)));
    }
    return Batch.of(names, tensors);
  }

  @Override
  public Batch run(Batch in, RunOptions options) {
    return runAsync(in, options).join();
  }

  @Override
  public void run(Batch in, Batch out, RunOptions options) {
    throw new UnsupportedOperationException("It only returns batches.");
  }

  @Override
  public CompletableFuture<Batch> runAsync(Batch in, RunOptions options) {
    CompletableFuture<Batch> answer = new CompletableFuture<>();
    queue.add(new Request(in, answer));
    return answer;
  }

  @Override
  public Signature signature() {
    return session.signature();
  }

  @Override
  public Device device() {
    return session.device();
  }

  @Override
  public Precision precision() {
    return session.precision();
  }

  @Override
  public SessionReport report() {
    return session.report();
  }

  @Override
  public void close() {
    worker.interrupt();
    session.close();
  }
}
