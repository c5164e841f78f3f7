package dev.hone.benchmarks.monitoring;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.inputs.Texts;
import dev.hone.metrics.Distribution;
import dev.hone.metrics.SessionStats;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;

/** Callers that time their calls of a batched session. */
final class StageCallers implements AutoCloseable {
  private static final int THREADS = 8;
  private static final int TEXTS = 64;

  private final List<Batch> texts;
  private final Session session;
  private final ExecutorService threads = Executors.newFixedThreadPool(THREADS);

  StageCallers(TextModel model) throws IOException {
    texts =
        Arrays.stream(model.tokens(Texts.mixed(TEXTS, 31)))
            .map(row -> TextModel.batch(new long[][] {row}))
            .toList();
    session = Batcher.over(Session.open(model.model()), BatchPolicy.automatic());
  }

  /** By what the sum of all stages of so many calls differs from the time that callers waited. */
  double differencePercent(int calls) throws InterruptedException, ExecutionException {
    SessionStats before = session.stats();
    LongAdder waitedNanos = new LongAdder();
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < THREADS; i++) {
      running.add(
          threads.submit(
              () -> {
                for (int at = next.getAndIncrement(); at < calls; at = next.getAndIncrement()) {
                  long start = System.nanoTime();
                  Batch output = session.run(texts.get(at % TEXTS));
                  waitedNanos.add(System.nanoTime() - start);
                  output.close();
                }
              }));
    }
    for (Future<?> future : running) {
      future.get();
    }
    SessionStats during = session.stats().minus(before);
    if (during.total().count() != calls) {
      throw new IllegalStateException(
          calls + " calls were answered, but " + during.total().count() + " were timed.");
    }
    double stages = during.stages().values().stream().mapToLong(Distribution::sum).sum();
    return 100 * Math.abs(waitedNanos.sum() - stages) / waitedNanos.sum();
  }

  @Override
  public void close() {
    threads.shutdownNow();
    session.close();
    texts.forEach(Batch::close);
  }
}
