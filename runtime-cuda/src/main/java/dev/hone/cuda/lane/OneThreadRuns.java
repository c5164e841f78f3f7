package dev.hone.cuda.lane;

import dev.hone.Batch;
import dev.hone.Cancellation;
import dev.hone.Tensor;
import dev.hone.onnx.gpu.StreamRuns;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;

/**
 * Runs on a thread of their own, whoever asks for them: ONNX Runtime keeps what it captured by
 * thread, and another thread would capture anew. Costs a change of threads, there and back, a run.
 */
final class OneThreadRuns implements StreamRuns {
  private final StreamRuns runs;
  private final ExecutorService thread =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread made = new Thread(task, "hone-cuda-graphs");
            made.setDaemon(true);
            return made;
          });

  /** Closed with this. */
  OneThreadRuns(StreamRuns runs) {
    this.runs = runs;
  }

  @Override
  public void begin() {
    runs.begin();
  }

  @Override
  public void input(int input, Tensor tensor, long deviceAddress) {
    runs.input(input, tensor, deviceAddress);
  }

  @Override
  public void output(int output, Tensor tensor, long deviceAddress) {
    runs.output(output, tensor, deviceAddress);
  }

  @Override
  public void outputToHost(int output) {
    runs.outputToHost(output);
  }

  @Override
  public Batch run(@Nullable Cancellation stop) {
    return get(thread.submit(() -> runs.run(stop)));
  }

  @Override
  public void runGraph(int graph) {
    get(
        thread.submit(
            () -> {
              runs.runGraph(graph);
              return graph;
            }));
  }

  private static <T> T get(Future<T> result) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return result.get();
        } catch (InterruptedException e) {
          interrupted = true; // as a native run, which knows no interrupts
        } catch (ExecutionException e) {
          throw failure(e);
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RuntimeException failure(ExecutionException e) {
    Throwable cause = e.getCause();
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
  }

  @Override
  public void close() {
    try {
      runs.close();
    } finally {
      thread.shutdown();
    }
  }
}
