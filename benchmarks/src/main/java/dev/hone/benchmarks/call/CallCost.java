package dev.hone.benchmarks.call;

import com.sun.management.ThreadMXBean;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.onnx.OnnxRuntime;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What one call costs, as ratios within one run.
 *
 * <p>The ways take turns: in each round every way makes so many calls, and its time is divided by
 * that of the bare call in the same round. So a machine that slows down for a while slows all of
 * them. The table gives the median over the rounds and the interval that holds the median with 95
 * %, by the binomial order statistics of the rounds.
 */
public final class CallCost {
  private static final GemmModel MODEL = new GemmModel(16, 32, 4);
  private static final int CALLS_PER_ROUND = 20_000;
  private static final int WARM_UP_ROUNDS = 10;

  private final List<CallPath> ways = List.of(CallPath.values()); // the bare call is the first

  // By the index of the way.
  private final double[][] nanos;
  private final long[] heapBytes = new long[ways.size()];
  private final int rounds;

  private CallCost(int rounds) {
    this.rounds = rounds;
    this.nanos = new double[heapBytes.length][rounds];
  }

  /** Measures, prints the table, and writes it: the rounds, and the file to write. */
  public static void main(String... args) throws Exception {
    CallCost cost = new CallCost(Integer.parseInt(args[0]));
    cost.measure();
    String table = cost.table();
    System.out.println(table);
    write(Path.of(args[1]), table);
  }

  private static void write(Path file, String text) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder != null) {
      Files.createDirectories(folder);
    }
    Files.writeString(file, text);
    System.out.println("Written to " + file);
  }

  private void measure() throws Exception {
    float[] row = MODEL.row(1);
    Call[] calls = new Call[heapBytes.length];
    for (int way = 0; way < calls.length; way++) {
      calls[way] = ways.get(way).open(MODEL, row);
    }
    for (int round = -WARM_UP_ROUNDS; round < rounds; round++) {
      for (int way = 0; way < calls.length; way++) {
        double time = time(calls[way]);
        if (round >= 0) {
          nanos[way][round] = time;
        }
      }
    }
    for (int way = 0; way < calls.length; way++) {
      heapBytes[way] = heapBytesPerCall(calls[way]);
      MODEL.check(row, calls[way].output());
      calls[way].close();
    }
  }

  private static double time(Call call) throws Exception {
    long start = System.nanoTime();
    for (int i = 0; i < CALLS_PER_ROUND; i++) {
      call.once();
    }
    return (System.nanoTime() - start) / (double) CALLS_PER_ROUND;
  }

  private static long heapBytesPerCall(Call call) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    int calls = 1_000_000;
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < calls; i++) {
      call.once();
    }
    return (threads.getCurrentThreadAllocatedBytes() - before) / calls;
  }

  private String table() {
    List<String> lines = new ArrayList<>();
    lines.add(
        String.format(
            Locale.ROOT,
            "One call of %s, one thread, ONNX Runtime %s, Java %s, %s, %d processors, %d rounds, %s.",
            MODEL,
            OnnxRuntime.nativeVersion(),
            System.getProperty("java.version"),
            System.getProperty("os.arch"),
            Runtime.getRuntime().availableProcessors(),
            rounds,
            LocalDate.now(ZoneOffset.UTC)));
    lines.add("");
    lines.add("| way | times the bare call | 95 % interval | median ns | heap bytes per call |");
    lines.add("|---|---:|---:|---:|---:|");
    for (int way = 0; way < ways.size(); way++) {
      double[] ratios = ratiosToBare(way);
      lines.add(
          String.format(
              Locale.ROOT,
              "| %s | %.2f | %.2f to %.2f | %.0f | %d |",
              ways.get(way).words(),
              quantile(ratios, 0.5),
              quantile(ratios, 0.5 - 0.98 / Math.sqrt(rounds)),
              quantile(ratios, 0.5 + 0.98 / Math.sqrt(rounds)),
              quantile(nanos[way], 0.5),
              heapBytes[way]));
    }
    return String.join("\n", lines) + "\n";
  }

  private double[] ratiosToBare(int way) {
    double[] ratios = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      ratios[i] = nanos[way][i] / nanos[0][i];
    }
    return ratios;
  }

  private static double quantile(double[] values, double share) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int index = (int) Math.round(share * (sorted.length - 1));
    return sorted[Math.max(0, Math.min(sorted.length - 1, index))];
  }
}
