package dev.hone.onnx.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.memory.LeakDetection;
import dev.hone.memory.Memory;
import dev.hone.onnx.testing.MiniLm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs of mixed shapes from eight threads, for long: the memory of the process stays what it was
 * once all shapes were seen. The property {@code hone.soak.minutes} says how long; 30 by default.
 */
@Tag("soak")
@Timeout(value = 4, unit = TimeUnit.HOURS)
class SoakTest {
  private static final int MINUTES = Integer.getInteger("hone.soak.minutes", 30);
  private static final int THREADS = 8;
  private static final int LONGEST_TOKENS = 128;
  private static final double TOLERANCE = 0.02;

  /** Runs and prints the resident memory at its beginning and end, in KiB. */
  static final class Soaking {
    private static final int LONGEST_ROUNDS = 10;
    private static final int SAMPLES_PER_MINUTE = 60;

    private final Session session;
    private final LongAdder runs = new LongAdder();
    private volatile boolean over;

    private Soaking(Session session) {
      this.session = session;
    }

    public static void main(String[] arguments) throws Exception {
      SessionOptions oneThread = SessionOptions.builder().threads(1).build();
      try (Session session = Session.open(MiniLm.model(), oneThread)) {
        new Soaking(session).soak(Integer.parseInt(arguments[0]));
      }
      System.out.println("live=" + Memory.stats().liveBytes());
      System.out.println("leaks=" + LeakDetection.leaks());
    }

    /** Half of the time warms up; the first and the last quarter of the rest are compared. */
    private void soak(int minutes) throws Exception {
      ExecutorService threads = Executors.newFixedThreadPool(THREADS);
      List<Future<?>> callers = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int seed = i;
        callers.add(threads.submit(() -> runUntilOver(seed)));
      }
      int samples = minutes * SAMPLES_PER_MINUTE;
      long[] residentKib = new long[samples];
      for (int i = 0; i < samples; i++) {
        TimeUnit.SECONDS.sleep(60 / SAMPLES_PER_MINUTE);
        residentKib[i] = residentKib();
      }
      over = true;
      for (Future<?> caller : callers) {
        caller.get(); // throws what the caller threw
      }
      threads.shutdown();
      int quarter = samples / 8;
      System.out.println("runs=" + runs.sum());
      System.out.println("begin=" + median(residentKib, samples / 2, quarter));
      System.out.println("end=" + median(residentKib, samples - quarter, quarter));
    }

    private void runUntilOver(int seed) {
      Random random = new Random(seed);
      for (int i = 0; !over; i++) {
        int length = i < LONGEST_ROUNDS ? LONGEST_TOKENS : 1 + random.nextInt(LONGEST_TOKENS);
        long[] ids = random.longs(length, 1000, 20_000).toArray();
        try (Batch in = MiniLm.batch(ids);
            Batch out = session.run(in)) {
          runs.add(out.size());
        }
      }
    }

    private static double median(long[] values, int from, int count) {
      long[] part = Arrays.copyOfRange(values, from, from + count);
      Arrays.sort(part);
      return part[count / 2];
    }

    private static long residentKib() throws IOException {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmRSS:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst()
          .orElseThrow();
    }
  }

  /** The heap is as large as it ever gets from the start, so that only native memory can grow. */
  private static final List<String> FIXED_HEAP =
      List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-Dhone.leaks=strict");

  @Test
  void theMemoryOfTheProcessStaysFlat(@TempDir Path folder) throws Exception {
    ChildJvm child =
        ChildJvm.run(folder, FIXED_HEAP, Soaking.class, Integer.toString(MINUTES)).verifySuccess();
    double begin = child.figure("begin");
    double end = child.figure("end");
    System.out.printf(
        "%d minutes, %.0f runs: %.0f KiB resident after the warm-up, %.0f KiB at the end%n",
        MINUTES, child.figure("runs"), begin, end);
    assertThat(end).isLessThan(begin * (1 + TOLERANCE));
    assertThat(child.figure("leaks")).isZero();
    assertThat(child.figure("live")).isZero();
  }
}
