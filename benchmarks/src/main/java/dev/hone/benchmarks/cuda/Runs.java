package dev.hone.benchmarks.cuda;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.benchmarks.measure.Rival;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** So many callers of a session at once, each with tensors of its own. */
final class Runs implements Rival {
  /** How often each caller runs at a time, so that their beginnings and ends do not matter. */
  static final int EACH = 8;

  private final List<Pair> pairs = new ArrayList<>();
  private final List<Callable<Object>> work = new ArrayList<>();
  private final ExecutorService threads;

  /**
   * What a caller brings.
   *
   * @param in inputs
   * @param out outputs
   */
  record Pair(Batch in, Batch out) {
    void close() {
      in.close();
      out.close();
    }
  }

  /**
   * Makes ready.
   *
   * @param session borrowed
   * @param pairs makes what each caller brings
   */
  Runs(Session session, Supplier<Pair> pairs, int callers) {
    this.threads = Executors.newFixedThreadPool(callers);
    try {
      for (int i = 0; i < callers; i++) {
        Pair pair = pairs.get();
        this.pairs.add(pair);
        work.add(Executors.callable(() -> runs(session, pair)));
      }
    } catch (RuntimeException | Error e) {
      this.pairs.forEach(Pair::close);
      throw e;
    }
  }

  private static void runs(Session session, Pair pair) {
    for (int i = 0; i < EACH; i++) {
      session.run(pair.in, pair.out);
    }
  }

  @Override
  public void once() throws Exception {
    if (work.size() == 1) {
      work.get(0).call();
      return;
    }
    for (Future<Object> done : threads.invokeAll(work)) {
      done.get(); // throws what the caller threw
    }
  }

  @Override
  public void close() {
    threads.shutdown();
    pairs.forEach(Pair::close);
  }
}
