package dev.hone.benchmarks.opening;

import dev.hone.Batch;
import dev.hone.Model;
import dev.hone.ModelSource;
import dev.hone.Precision;
import dev.hone.Session;
import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Resident;
import dev.hone.benchmarks.rivals.HoneRunner;
import dev.hone.benchmarks.rivals.JavaApiRunner;
import dev.hone.benchmarks.rivals.Runner;
import dev.hone.onnx.Quantization.Form;
import dev.hone.onnx.Quantizer;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryType;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A process with a small Java heap that opens a model and runs it a few times, or quantizes it, and
 * prints what that took.
 */
public final class MemoryProcess {
  private static final String MARK = "it took ";
  private static final String SEPARATOR = " ";
  private static final int RUNS = 20;

  private MemoryProcess() {}

  /**
   * Does it.
   *
   * @param arguments {@code hone}, {@code java-api} or {@code quantize}, and the file of a model
   *     for texts
   */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[1]);
    double amount = arguments[0].equals("quantize") ? quantize(file) : run(arguments[0], file);
    System.out.println(MARK + amount + SEPARATOR + peakHeapMegabytes());
    System.exit(0);
  }

  /**
   * What a process took.
   *
   * @param amount megabytes by which it grew, or the seconds that quantizing took
   * @param peakHeapMegabytes its peak Java heap: the sum of the peaks of all pools, which is no
   *     less
   */
  record Took(double amount, double peakHeapMegabytes) {}

  private static double peakHeapMegabytes() {
    return ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(pool -> pool.getType() == MemoryType.HEAP)
            .mapToLong(pool -> pool.getPeakUsage().getUsed())
            .sum()
        / 1e6;
  }

  /** Megabytes by which the process grew. */
  private static double run(String program, Path file) throws Exception {
    long before = Resident.bytes();
    try (Runner runner =
            program.equals("hone")
                ? new HoneRunner(Session.open(file))
                : new JavaApiRunner(
                    ModelSource.of(file), Runtime.getRuntime().availableProcessors());
        Batch inputs = TextModel.batch(TextModel.rowsOf(8, 32, new long[][] {{1, 2000, 1}}))) {
      for (int i = 0; i < RUNS; i++) {
        runner.run(inputs);
      }
      return (Resident.bytes() - before) / 1e6;
    }
  }

  /** Seconds that quantizing took, loading the model included. */
  private static double quantize(Path file) throws IOException {
    List<Batch> examples = TextModel.MINILM.examples();
    long start = System.nanoTime();
    Model model = Model.load(file);
    Quantizer.quantize(model, SmallModels.options(Precision.INT8, Form.AUTOMATIC, examples));
    return (System.nanoTime() - start) / 1e9;
  }

  /**
   * Starts such a process and waits for it.
   *
   * @param heapMegabytes its Java heap
   * @throws IOException if it fails; the message tells what it said
   */
  static Took start(int heapMegabytes, String program, Path file)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMegabytes + "m",
                "-DDJL_CACHE_DIR=" + System.getProperty("DJL_CACHE_DIR", "target/djl"),
                "-Dai.djl.offline=true",
                "-DRUST_FLAVOR=cpu",
                "-cp",
                System.getProperty("java.class.path"),
                MemoryProcess.class.getName(),
                program,
                file.toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int mark = output.indexOf(MARK);
    if (process.waitFor() != 0 || mark < 0) {
      throw new IOException(
          "with a heap of "
              + heapMegabytes
              + " MB it ended with code "
              + process.exitValue()
              + ", saying: "
              + output.strip());
    }
    String[] took = output.substring(mark + MARK.length()).strip().split(SEPARATOR, -1);
    return new Took(Double.parseDouble(took[0]), Double.parseDouble(took[1]));
  }
}
