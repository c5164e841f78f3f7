package dev.hone.benchmarks.life;

import com.sun.management.OperatingSystemMXBean;
import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.Tensor;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.inputs.TextModel;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/** A process that does one thing with a session and prints one number about it. */
public final class LifeProcess {
  private static final String MARK = "it is ";
  private static final int RUNS = 20;

  private LifeProcess() {}

  /**
   * Does it.
   *
   * @param arguments {@code idle SECONDS}, {@code idle-batched SECONDS}, {@code threads SECONDS} or
   *     {@code external FILE}
   */
  public static void main(String[] arguments) throws Exception {
    double number =
        switch (arguments[0]) {
          case "idle" -> idle(Session.open(TextModel.MINILM.model()), arguments[1]);
          case "idle-batched" ->
              idle(
                  Batcher.open(
                      TextModel.MINILM.model(), SessionOptions.DEFAULT, BatchPolicy.automatic()),
                  arguments[1]);
          case "threads" -> threads(arguments[1]);
          case "external" -> external(Path.of(arguments[1]));
          default -> throw new IllegalArgumentException(String.join(" ", arguments));
        };
    tell(number);
    System.exit(0);
  }

  /** Prints what {@link #start} reads. */
  static void tell(double... numbers) {
    System.out.println(
        MARK + Arrays.stream(numbers).mapToObj(Double::toString).collect(Collectors.joining(" ")));
  }

  private static Batch text() {
    return TextModel.batch(TextModel.rowsOf(1, 32, new long[][] {{1, 2000, 1}}));
  }

  /** The share of one core, in percent, that the whole process uses while nobody calls. */
  private static double idle(Session session, String seconds) throws InterruptedException {
    try (session;
        Batch text = text()) {
      for (int i = 0; i < RUNS; i++) {
        session.run(text).close();
        session.runAsync(text).join().close();
      }
      TimeUnit.SECONDS.sleep(2); // the compiler may still have something to do
      OperatingSystemMXBean system =
          (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      long start = System.nanoTime();
      long before = system.getProcessCpuTime();
      TimeUnit.SECONDS.sleep(Long.parseLong(seconds));
      long nanos = system.getProcessCpuTime() - before;
      return 100.0 * nanos / (System.nanoTime() - start);
    }
  }

  /** How many threads have a part of at least 5 % in the work of many runs. */
  private static double threads(String seconds) throws IOException {
    try (Session session = Session.open(TextModel.MINILM.model());
        Batch text = text()) {
      for (int i = 0; i < 10 * RUNS; i++) { // until nothing is left to compile
        session.run(text).close();
      }
      Map<String, Long> before = ThreadTicks.now();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(Long.parseLong(seconds));
      while (System.nanoTime() - end < 0) {
        session.run(text).close();
      }
      return ThreadTicks.busySince(before, 0.05);
    }
  }

  /** Opens the model, looks its last row up, and tells the peak heap in megabytes. */
  private static double external(Path file) {
    try (Session session = Session.open(file);
        Batch in = Batch.of("row", Tensor.of(new long[] {BigModel.ROWS - 1}, 1));
        Batch out = session.run(in)) {
      BigModel.check(out.tensor(0).toFloatArray());
    }
    return ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .mapToLong(pool -> pool.getPeakUsage().getUsed())
            .sum()
        / 1e6;
  }

  /**
   * Starts such a process and waits for it.
   *
   * @param option one option for its JVM
   * @throws IOException if it fails; the message tells what it said
   */
  static double start(String option, String... arguments) throws IOException, InterruptedException {
    return start(List.of(option), LifeProcess.class, arguments)[0];
  }

  /**
   * Starts a process that {@linkplain #tell tells} some numbers, and waits for it.
   *
   * @param options for its JVM
   * @throws IOException if it fails; the message tells what it said
   */
  static double[] start(List<String> options, Class<?> main, String... arguments)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add(main.getName());
    command.addAll(List.of(arguments));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int mark = output.lastIndexOf(MARK);
    if (process.waitFor() != 0 || mark < 0) {
      throw new IOException(
          String.join(" ", arguments)
              + " ended with code "
              + process.exitValue()
              + ", saying: "
              + output.strip());
    }
    String numbers = output.substring(mark + MARK.length()).strip();
    return Arrays.stream(numbers.split(" ", -1)).mapToDouble(Double::parseDouble).toArray();
  }
}
