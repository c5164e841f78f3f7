package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.DataType;
import dev.hone.HoneException;
import dev.hone.Model;
import dev.hone.Session;
import dev.hone.Shape;
import dev.hone.Signature.Dimension;
import dev.hone.Tensor;
import dev.hone.memory.Memory;
import dev.hone.onnx.graph.Graph;
import dev.hone.onnx.graph.ModelData;
import dev.hone.onnx.graph.Node;
import dev.hone.onnx.graph.TensorData;
import dev.hone.onnx.graph.ValueInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A JVM ends while threads are inside native runs: with the exit code it was told, without a crash,
 * and without a word. The property {@code hone.exits} says how often each way of ending is tried.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
class ExitTest {
  private static final int EXITS = Integer.getInteger("hone.exits", 2);
  private static final int EXIT_CODE = 7;

  /** Leaves in the middle of runs: with an exit code, or by returning from main. */
  static final class Leaving {
    private Leaving() {}

    public static void main(String[] arguments) throws InterruptedException {
      Chain chain = Chain.ofLongRuns();
      Session session = Session.open(chain.model()); // never closed: that is what is tested
      CountDownLatch warm = new CountDownLatch(2);
      for (int i = 0; i < 2; i++) {
        Thread thread = new Thread(() -> runForEver(chain, session, warm), "runs");
        thread.setDaemon(true);
        thread.start();
      }
      warm.await();
      Thread.sleep(20); // both threads are inside a long run then, or between two
      System.out.println("leaving");
      if (arguments.length > 0) {
        System.exit(Integer.parseInt(arguments[0]));
      }
    }

    private static void runForEver(Chain chain, Session session, CountDownLatch warm) {
      try (Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
        chain.verifyAnswers(session, 1, 1);
        warm.countDown();
        while (true) {
          session.run(in).close();
        }
      }
    }
  }

  /** A run that fails: its index lies outside the table. */
  static final class Failing {
    private static final long OPSET = 21;

    private Failing() {}

    public static void main(String[] arguments) {
      Graph graph = new Graph("table");
      graph.putInitializer(TensorData.ofFloats("table", Shape.of(2), 1, 2));
      graph.addInput(ValueInfo.tensor("index", DataType.INT64, Dimension.of("n")));
      graph.addOutput(ValueInfo.tensor("y", DataType.FLOAT32, Dimension.of("n")));
      graph.add(Node.of("Gather", List.of("table", "index"), List.of("y")));
      try (Session session = Session.open(Model.load(bytes(graph)));
          Batch in = Batch.of("index", Tensor.of(new long[] {7}))) {
        session.run(in).close();
      } catch (HoneException e) {
        System.out.println(String.valueOf(e.getMessage()).contains("indices element out of data"));
      }
    }

    private static byte[] bytes(Graph graph) {
      try (Memory memory = ModelData.of(graph, OPSET).toMemory()) {
        byte[] bytes = new byte[(int) memory.byteSize()];
        memory.lend(0, bytes.length, chunk -> chunk.get(bytes));
        return bytes;
      }
    }
  }

  @Test
  void aRunThatFailsIsToldByItsExceptionAlone(@TempDir Path folder) throws Exception {
    ChildJvm child = ChildJvm.run(folder, List.of("-Xmx256m"), Failing.class).verifySuccess();
    assertThat(child.output()).endsWith("true" + System.lineSeparator()).doesNotContain("Gather");
  }

  @Test
  void systemExitDuringARunIsClean(@TempDir Path folder) throws Exception {
    for (int i = 0; i < EXITS; i++) {
      verifyClean(folder, EXIT_CODE, Integer.toString(EXIT_CODE));
    }
  }

  @Test
  void returningFromMainDuringARunIsClean(@TempDir Path folder) throws Exception {
    for (int i = 0; i < EXITS; i++) {
      verifyClean(folder, 0);
    }
  }

  private static void verifyClean(Path folder, int exitCode, String... arguments) throws Exception {
    ChildJvm child = ChildJvm.run(folder, List.of("-Xmx256m"), Leaving.class, arguments);
    assertThat(child.output()).endsWith("leaving" + System.lineSeparator());
    assertThat(child.exitCode()).isEqualTo(exitCode);
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.startsWith("hs_err") || name.startsWith("core"));
    }
  }
}
