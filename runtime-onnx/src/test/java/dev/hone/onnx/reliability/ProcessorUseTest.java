package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.OperatingSystemMXBean;
import dev.hone.Batch;
import dev.hone.Session;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * How much of a processor a session takes: process time over wall time, in a JVM of its own. That
 * JVM is never quite idle itself, so what it takes without a session is taken away.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class ProcessorUseTest {
  private static final int SETTLING_MILLIS = 2000;
  private static final int IDLE_MILLIS = 3000;
  private static final int IDLE_WINDOWS = 4; // where a late compiler disturbs the first
  private static final double LITTLE = 0.004;

  private static final List<String> QUICKLY_COMPILED = List.of("-XX:TieredStopAtLevel=1");

  /** Prints what the JVM takes with a session that nobody calls, and what without. */
  static final class Idle {
    private Idle() {}

    public static void main(String[] arguments) throws InterruptedException {
      try (Session session = Session.open(new Chain(20).model());
          Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
        session.warmUp(in, 3);
        session.runAsync(in).join().close();
        printIdle("with");
      }
      printIdle("without");
    }

    private static void printIdle(String name) throws InterruptedException {
      Thread.sleep(SETTLING_MILLIS); // the compilers of the JVM are done after that
      double least = Double.MAX_VALUE; // what works on and on does so in each window
      for (int i = 0; i < IDLE_WINDOWS && least > LITTLE; i++) {
        Use use = new Use();
        Thread.sleep(IDLE_MILLIS);
        least = Math.min(least, use.processors());
      }
      System.out.println(name + "=" + least);
    }
  }

  /** Prints what one long run takes. */
  static final class Busy {
    private Busy() {}

    public static void main(String[] arguments) {
      try (Session session = Session.open(Chain.ofLongRuns().model());
          Batch in = Chain.input(Chain.LONG_ROWS, 1)) {
        System.out.println("threads=" + session.report().threads());
        session.warmUp(in, 1);
        Use use = new Use();
        session.run(in).close();
        System.out.println("processors=" + use.processors());
      }
    }
  }

  /** Processor time since it was made. */
  private static final class Use {
    private static final OperatingSystemMXBean SYSTEM =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

    private final long startNanos = System.nanoTime();
    private final long startProcessorNanos = SYSTEM.getProcessCpuTime();

    double processors() {
      double used = SYSTEM.getProcessCpuTime() - startProcessorNanos;
      return used / (System.nanoTime() - startNanos);
    }
  }

  @Test
  void anIdleSessionTakesLessThanAHundredthOfAProcessor(@TempDir Path folder) throws Exception {
    ChildJvm child = run(folder, QUICKLY_COMPILED, Idle.class);
    double with = child.figure("with");
    double without = child.figure("without");
    System.out.printf("Idle: %.4f processors with a session, %.4f without%n", with, without);
    assertThat(with - without).isLessThan(0.01);
  }

  @Test
  void whereThereIsOneProcessorOneThreadWorks(@TempDir Path folder) throws Exception {
    List<String> options = List.of("-XX:ActiveProcessorCount=1", "-XX:+UseSerialGC");
    ChildJvm child = run(folder, options, Busy.class);
    double processors = child.figure("processors");
    System.out.printf("A run in a JVM of one processor takes %.3f processors%n", processors);
    assertThat(child.figure("threads")).isEqualTo(1);
    assertThat(processors).isLessThan(1.1);
  }

  private static ChildJvm run(Path folder, List<String> options, Class<?> main) throws Exception {
    return ChildJvm.run(folder, options, main).verifySuccess();
  }
}
