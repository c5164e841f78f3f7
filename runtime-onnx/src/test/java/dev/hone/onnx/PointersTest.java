package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.onnx.reliability.ChildJvm;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import javax.management.ObjectName;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Calls that share batches make no JavaCPP pointers, each of which costs a registration and may
 * cost a look at the memory of the process and a garbage collection.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class PointersTest {
  private static final int THREADS = 4;
  private static final int ROUNDS = 250;
  private static final int AT_ONCE = 8;
  private static final int CALLS = THREADS * ROUNDS * AT_ONCE;
  private static final int SOME = 1_000;

  /** What is counted lies in a heap of its own: one that never is full, so nothing is collected. */
  private static final List<String> ROOMY = List.of("-XX:+UseSerialGC", "-Xmx512m", "-Xmn256m");

  /** What may make pointers. */
  private interface Work {
    void run() throws Exception;
  }

  /** Prints what batched calls make. */
  static final class Flood {
    private Flood() {}

    public static void main(String[] arguments) throws Exception {
      BatchPolicy policy =
          BatchPolicy.builder().warmUp(Duration.ofMillis(50)).evenIfItDoesNotPay().build();
      List<Batch> requests = TwoLayers.examples(AT_ONCE, 1);
      try (Batcher batcher = Batcher.over(Session.open(TwoLayers.inMemory()), policy)) {
        flood(batcher, requests); // fills the pools
        long registered = Pointer.totalCount();
        System.out.println("made=" + made(() -> flood(batcher, requests)));
        System.out.println("kept=" + (Pointer.totalCount() - registered));
        System.out.println("rows=" + batcher.stats().batches().rows().mean());
      } finally {
        requests.forEach(Batch::close);
      }
    }
  }

  /** Prints what is seen of pointers that are made. */
  static final class Making {
    private Making() {}

    public static void main(String[] arguments) throws Exception {
      Work work =
          () -> {
            for (int i = 0; i < SOME; i++) {
              new BytePointer(1).close();
            }
          };
      System.out.println("made=" + made(work));
    }
  }

  @Test
  void aFloodOfBatchedCallsMakesNoPointers(@TempDir Path folder) throws Exception {
    ChildJvm child = ChildJvm.run(folder, ROOMY, Flood.class).verifySuccess();
    assertThat(child.figure("made"))
        .as("pointers made by " + CALLS + " calls")
        .isLessThan(CALLS / 100);
    assertThat(child.figure("kept")).as("of them kept").isLessThan(CALLS / 100);
    assertThat(child.figure("rows"))
        .as("rows in a batch, of which a call has four")
        .isGreaterThan(4);
  }

  @Test
  void pointersThatAreMadeAreSeen(@TempDir Path folder) throws Exception {
    ChildJvm child = ChildJvm.run(folder, ROOMY, Making.class).verifySuccess();
    assertThat(child.figure("made")).isGreaterThanOrEqualTo(SOME);
  }

  /** How many objects of JavaCPP work makes. */
  private static long made(Work work) throws Exception {
    System.gc(); // so that there is room
    long collections = collections();
    long before = objects();
    work.run();
    long after = objects();
    if (collections() > collections) {
      throw new AssertionError("The heap is too small for what is to be seen in it.");
    }
    return after - before;
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
