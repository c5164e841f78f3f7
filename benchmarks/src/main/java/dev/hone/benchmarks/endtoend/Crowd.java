package dev.hone.benchmarks.endtoend;

import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.precision.Fidelity;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Callers that share one embedder until all texts are vectors. That is one piece of work. */
final class Crowd implements Rival {
  static final int CALLERS = 16;

  private final Embedder embedder;
  private final List<String> texts;
  private final float[][] reference;
  private final double leastCosine;
  private final Consumer<float[][]> result;
  private final float[][] vectors;
  private final ExecutorService threads = Executors.newFixedThreadPool(CALLERS);

  /**
   * Prepares; takes the embedder over.
   *
   * @param reference the vectors that the model has in FP32
   * @param leastCosine how near to them the mean must be
   * @param result receives the vectors in the end
   */
  Crowd(
      Embedder embedder,
      List<String> texts,
      float[][] reference,
      double leastCosine,
      Consumer<float[][]> result) {
    this.embedder = embedder;
    this.texts = texts;
    this.reference = reference;
    this.leastCosine = leastCosine;
    this.result = result;
    this.vectors = new float[texts.size()][];
  }

  @Override
  public void once() throws Exception {
    AtomicInteger next = new AtomicInteger();
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      running.add(threads.submit(() -> call(next)));
    }
    for (Future<?> future : running) {
      future.get();
    }
  }

  private void call(AtomicInteger next) {
    for (int i = next.getAndIncrement(); i < vectors.length; i = next.getAndIncrement()) {
      vectors[i] = embedder.embed(texts.get(i));
    }
  }

  @Override
  public void check() {
    double cosine = Fidelity.of(reference, vectors).meanCosine();
    if (!(cosine >= leastCosine)) {
      throw new IllegalStateException(
          "The mean cosine to the FP32 vectors is " + cosine + ", not " + leastCosine + ".");
    }
    result.accept(vectors);
  }

  @Override
  public void close() {
    threads.shutdownNow();
    embedder.close();
  }
}
