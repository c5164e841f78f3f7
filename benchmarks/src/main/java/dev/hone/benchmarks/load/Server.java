package dev.hone.benchmarks.load;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.FifoBatcher;
import dev.hone.benchmarks.batching.Workload;
import dev.hone.benchmarks.measure.Entrant.Side;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;

/**
 * A way to answer requests without making the one who sends them wait.
 *
 * @param name what a reader calls it
 * @param side whose it is
 * @param opener opens it for a workload
 */
record Server(String name, Side side, Function<Workload, Open> opener) {
  /** What a reader calls the one with a batcher. */
  static final String HONE = "Hone: Batcher";

  /** What a reader calls the best that is easily written by hand. */
  static final String UNBATCHED = "a thread for each core, no batches";

  /** An open server. */
  interface Open extends AutoCloseable {
    /** Sends a request; what it computes is thrown away. */
    CompletableFuture<?> send(Batch request);

    @Override
    void close();
  }

  private static final Server POOL = new Server(UNBATCHED, Side.THEIRS, Server::pool);
  private static final Server FIFO =
      new Server(
          "padded batches of 16, in order of arrival",
          Side.THEIRS,
          workload -> async(new FifoBatcher(workload.open(0))));
  private static final Server BATCHER =
      new Server(
          HONE,
          Side.OURS,
          workload ->
              async(
                  Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic())));

  static List<Server> all() {
    return List.of(POOL, FIFO, BATCHER);
  }

  /** The best that is easily written by hand, and ours. */
  static List<Server> few() {
    return List.of(POOL, BATCHER);
  }

  Open open(Workload workload) {
    return opener.apply(workload);
  }

  private static Open pool(Workload workload) {
    Session session = workload.open(1);
    ExecutorService threads =
        Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
    return new Open() {
      @Override
      public CompletableFuture<?> send(Batch request) {
        return CompletableFuture.runAsync(() -> session.run(request).close(), threads);
      }

      @Override
      public void close() {
        threads.shutdownNow();
        session.close();
      }
    };
  }

  static Open async(Session session) {
    return new Open() {
      @Override
      public CompletableFuture<?> send(Batch request) {
        return session.runAsync(request).thenAccept(Batch::close);
      }

      @Override
      public void close() {
        session.close();
      }
    };
  }
}
