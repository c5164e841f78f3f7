package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import javax.management.ObjectName;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;

/**
 * Calls that share batches make no JavaCPP pointers, each of which costs a registration and may
 * cost a look at the memory of the process and a garbage collection.
 */
class PointersTest {
  private static final int THREADS = 4;
  private static final int ROUNDS = 250;
  private static final int AT_ONCE = 8;
  private static final int CALLS = THREADS * ROUNDS * AT_ONCE;
  private static final int TRIES = 10;

  /** What may make pointers. */
  private interface Work {
    void run() throws Exception;
  }

  @Test
  void aFloodOfBatchedCallsMakesNoPointers() throws Exception {
    BatchPolicy policy =
        BatchPolicy.builder().warmUp(Duration.ofMillis(50)).evenIfItDoesNotPay().build();
    List<Batch> requests = TwoLayers.examples(AT_ONCE, 1);
    try (Batcher batcher = Batcher.over(Session.open(TwoLayers.inMemory()), policy)) {
      flood(batcher, requests); // fills the pools
      long registered = Pointer.totalCount();
      assertThat(made(() -> flood(batcher, requests)))
          .as("pointers made by " + CALLS + " calls")
          .isLessThan(CALLS / 100);
      assertThat(Pointer.totalCount() - registered).as("of them kept").isLessThan(CALLS / 100);
      assertThat(batcher.stats().batches().rows().mean())
          .as("rows in a batch, of which a call has four")
          .isGreaterThan(4);
    } finally {
      requests.forEach(Batch::close);
    }
  }

  @Test
  void pointersThatAreMadeAreSeen() throws Exception {
    int some = 1_000;
    long made =
        made(
            () -> {
              for (int i = 0; i < some; i++) {
                new BytePointer(1).close();
              }
            });
    assertThat(made).isGreaterThanOrEqualTo(some);
  }

  /** How many objects of JavaCPP work makes; it is repeated where some were collected. */
  private static long made(Work work) throws Exception {
    for (int i = 0; i < TRIES; i++) {
      System.gc(); // so that there is room
      long collections = collections();
      long before = objects();
      work.run();
      long after = objects();
      if (collections() == collections) {
        return after - before;
      }
    }
    throw new AssertionError("The heap is too small for what is to be seen in it.");
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(bean -> bean.getCollectionCount())
        .sum();
  }

  /** How many objects of JavaCPP there are in the heap, reachable or not. */
  private static long objects() throws Exception {
    String histogram =
        (String)
            ManagementFactory.getPlatformMBeanServer()
                .invoke(
                    new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram",
                    new Object[] {new String[] {"-all"}},
                    new String[] {String[].class.getName()});
    return histogram
        .lines()
        .map(line -> line.strip().split("\\s+"))
        .filter(words -> words.length > 3 && words[3].startsWith("org.bytedeco."))
        .mapToLong(words -> Long.parseLong(words[1]))
        .sum();
  }

  private static void flood(Session session, List<Batch> requests) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      Callable<Integer> calls =
          () -> {
            for (int round = 0; round < ROUNDS; round++) {
              List<CompletableFuture<Batch>> answers = new ArrayList<>();
              for (int i = 1; i < AT_ONCE; i++) {
                answers.add(session.runAsync(requests.get(i)));
              }
              session.run(requests.get(0)).close();
              answers.forEach(answer -> answer.join().close());
            }
            return ROUNDS;
          };
      List<Callable<Integer>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        all.add(calls);
      }
      for (Future<Integer> each : threads.invokeAll(all)) {
        each.get();
      }
    } finally {
      threads.shutdown();
    }
  }
}
