package dev.hone.benchmarks.batching;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.lang.management.ManagementFactory;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * What the batcher itself costs: its processor time and heap over a model that does nothing, and
 * what it adds to the only call of an idle model.
 */
public final class BatcherCost implements Question {
  private static final int UNDER_WAY = 1_024;

  @Override
  public String id() {
    return "batcher";
  }

  @Override
  public String words() {
    return "What does the batcher itself cost?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(2, 6, 60);
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    nothing(effort, answer);
    idle(effort, answer);
  }

  private static void nothing(Effort effort, Answer answer) {
    Progress.say("a model that does nothing");
    int rounds = effort.pick(1, 12, 40);
    int requests = effort.pick(2_000, 100_000, 200_000);
    double[] rates = new double[rounds];
    double[] micros = new double[rounds];
    double[] bytes = new double[rounds];
    BatchPolicy policy = BatchPolicy.builder().evenIfItDoesNotPay().build();
    try (Session session = Batcher.over(new NullSession(), policy);
        Batch request = NullSession.request()) {
      for (int round = -effort.pick(1, 6, 6); round < rounds; round++) {
        double[] figures = flood(session, request, requests);
        if (round >= 0) {
          rates[round] = figures[0];
          micros[round] = figures[1];
          bytes[round] = figures[2];
        }
      }
    }
    answer
        .add(
            new Table(
                "The batcher over a model that does nothing, runAsync from one thread",
                Column.higher("requests", "1/s"),
                Column.lower("processor time for one, all threads", "us"),
                Column.lower("Java heap for one, all threads", "B")))
        .row("Hone: Batcher, runAsync", Side.OURS)
        .set("requests", rates)
        .set("processor time for one, all threads", micros)
        .set("Java heap for one, all threads", bytes);
    answer.figure("batching.null.rate", rates);
    answer.figure("batching.null.cpu", micros);
    answer.figure("batching.null.heap", bytes);
  }

  /** Rate, microseconds of processor time and bytes of heap for one request. */
  private static double[] flood(Session session, Batch request, int requests) {
    long bytes = allocatedBytes();
    long cpu = processorNanos();
    long start = System.nanoTime();
    Deque<CompletableFuture<Batch>> underWay = new ArrayDeque<>(UNDER_WAY);
    for (int i = 0; i < requests; i++) {
      if (underWay.size() == UNDER_WAY) {
        underWay.remove().join().close();
      }
      underWay.add(session.runAsync(request));
    }
    underWay.forEach(future -> future.join().close());
    double nanos = System.nanoTime() - start;
    return new double[] {
      requests * 1e9 / nanos,
      (processorNanos() - cpu) / 1e3 / requests,
      (allocatedBytes() - bytes) / (double) requests
    };
  }

  private static long processorNanos() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  private static long allocatedBytes() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    return Arrays.stream(threads.getThreadAllocatedBytes(threads.getAllThreadIds()))
        .filter(bytes -> bytes > 0)
        .sum();
  }

  private static void idle(Effort effort, Answer answer) {
    Progress.say("one caller, idle");
    int rounds = effort.pick(1, 30, 100);
    int calls = effort.pick(20, 400, 1_000);
    double[] alone = new double[rounds];
    double[] blocking = new double[rounds];
    double[] async = new double[rounds];
    try (Workload workload = Workload.gemm("gemm-medium", 1, 256, 512, 512, 10);
        Session bare = workload.open(1);
        Session batched = Batcher.over(workload.open(1), BatchPolicy.automatic())) {
      Batch request = workload.requests().get(0);
      List<Runnable> ways =
          List.of(
              () -> bare.run(request).close(),
              () -> batched.run(request).close(),
              () -> batched.runAsync(request).join().close());
      long[][] nanos = new long[ways.size()][calls];
      for (int round = -effort.pick(1, 10, 10); round < rounds; round++) {
        for (int call = 0; call < calls; call++) { // one of each in turn: all see the same machine
          for (int turn = 0; turn < ways.size(); turn++) { // and each comes after each
            int way = (call + turn * (1 + call % 2)) % ways.size();
            nanos[way][call] = time(ways.get(way));
          }
        }
        if (round >= 0) {
          alone[round] = middle(nanos[0]) / 1e3;
          blocking[round] = middle(nanos[1]) / 1e3 - alone[round];
          async[round] = middle(nanos[2]) / 1e3 - alone[round];
        }
      }
    }
    Table table =
        answer.add(
            new Table(
                "One caller, idle: Gemm 256-512-512-10, medians",
                Column.lower("time of one call", "us"),
                Column.lower("above the plain session", "us")));
    table.row("Hone: Session", Side.OURS).set("time of one call", alone);
    table.row("Hone: Batcher, run", Side.OURS).set("above the plain session", blocking);
    table.row("Hone: Batcher, runAsync", Side.OURS).set("above the plain session", async);
    answer.figure("batching.idle.blocking", blocking);
    answer.figure("batching.idle.async", async);
  }

  private static long time(Runnable call) {
    long start = System.nanoTime();
    call.run();
    return System.nanoTime() - start;
  }

  private static double middle(long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
