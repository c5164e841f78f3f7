package dev.hone.benchmarks.call;

import com.sun.management.ThreadMXBean;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** What one call costs, for each {@link CallPath}. One thread, metrics on. */
public final class CallCost implements Question {
  private static final GemmModel MODEL = new GemmModel(16, 32, 4);
  private static final String RATIO = "against the bare call";
  private static final String TIME = "time of one call";
  private static final String HEAP = "Java heap for one call";

  private final Map<CallPath, Double> heapBytes = new EnumMap<>(CallPath.class);

  @Override
  public String id() {
    return "call";
  }

  @Override
  public String words() {
    return "What does one call cost? (" + MODEL + ", one row, one thread)";
  }

  /** It takes little time, so those suites that keep figures ask it once more. */
  @Override
  public int processes(Effort effort) {
    return effort.processes() + (effort.compareTo(Effort.SHORT) < 0 ? 0 : 1);
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(1, 11, 75);
  }

  @Override
  public void ask(Effort effort, Answer answer) {
    float[] row = MODEL.row(1);
    int heapCalls = effort.pick(1_000, 100_000, 1_000_000);
    Samples samples =
        Interleaved.measure(
            Arrays.stream(CallPath.values())
                .map(
                    path ->
                        new Entrant(
                            path.words(),
                            path.side(),
                            () -> new Way(path, path.open(MODEL, row), row, heapCalls)))
                .toList(),
            effort);
    samples.failures().forEach(answer::missing);
    table(answer, samples);
    String inPlace = CallPath.HONE_IN_PLACE.words();
    String bare = CallPath.BARE_BINDING.words();
    answer.time("run.inplace.against-bare", samples, inPlace, bare);
    answer.time("run.inplace.against-buffers", samples, inPlace, CallPath.JAVA_BUFFERS.words());
    answer.time("run.inplace.against-arrays", samples, inPlace, CallPath.JAVA_ARRAYS.words());
    String returning = CallPath.HONE_RETURNING.words();
    answer.time("run.returning.against-inplace", samples, returning, inPlace);
    answer.time("run.call.buffers", samples, CallPath.JAVA_BUFFERS.words(), bare);
    answer.time("run.call.pinned", samples, CallPath.JAVA_PINNED.words(), bare);
    answer.time("run.call.arrays", samples, CallPath.JAVA_ARRAYS.words(), bare);
    if (samples.has(bare, inPlace)) {
      answer.figure("run.call.bare", samples.nanos(bare));
    }
    Double heap = heapBytes.get(CallPath.HONE_IN_PLACE);
    if (samples.has(inPlace) && heap != null) {
      answer.figure("run.inplace.heap", heap);
    }
  }

  private void table(Answer answer, Samples samples) {
    Table table =
        answer.add(
            new Table(
                "One call of a tiny model",
                Column.lower(TIME, "ns").asBars(),
                Column.lower(RATIO, "x"),
                Column.lower(HEAP, "B").asBars()));
    for (CallPath path : CallPath.values()) {
      if (samples.has(path.words())) {
        Table.Row row = table.row(path.words(), path.side());
        row.set(TIME, samples.nanos(path.words()));
        Double heap = heapBytes.get(path);
        if (heap != null) {
          row.set(HEAP, heap);
        }
        if (samples.has(CallPath.BARE_BINDING.words())) {
          row.set(RATIO, samples.timeAgainst(path.words(), CallPath.BARE_BINDING.words()));
        }
      }
    }
  }

  /** A call as a rival that in the end counts its heap and checks its output. */
  private final class Way implements Rival {
    private final CallPath path;
    private final Call call;
    private final float[] row;
    private final int heapCalls;

    Way(CallPath path, Call call, float[] row, int heapCalls) {
      this.path = path;
      this.call = call;
      this.row = row;
      this.heapCalls = heapCalls;
    }

    @Override
    public void once() throws Exception {
      call.once();
    }

    @Override
    public void check() throws Exception {
      ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < heapCalls; i++) {
        call.once();
      }
      double bytes = threads.getCurrentThreadAllocatedBytes() - before;
      heapBytes.put(path, Math.round(100 * bytes / heapCalls) / 100.0);
      MODEL.check(row, call.output());
    }

    @Override
    public void close() {
      call.close();
    }
  }
}
