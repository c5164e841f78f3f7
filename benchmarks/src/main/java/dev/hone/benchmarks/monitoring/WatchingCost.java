package dev.hone.benchmarks.monitoring;

import com.sun.management.ThreadMXBean;
import dev.hone.Batch;
import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.benchmarks.inputs.GemmModel;
import dev.hone.benchmarks.inputs.TextModel;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Rival;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.metrics.Recorder;
import dev.hone.metrics.RunTimer;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What metrics and events cost: one thread calls the same model watched and not watched, in turns.
 */
final class WatchingCost {
  private static final String TIME = "time of one call";
  private static final String AGAINST = "against not watched";
  private static final String EVENTS_OFF = "what asks whether anybody records";
  private static final int QUERY_LENGTH = 12;
  private static final int CYCLES = 100;

  private WatchingCost() {}

  static void measure(Effort effort, Answer answer) throws Exception {
    tiny(effort, answer);
    answer.note(
        "“Watched” is: all counters and distributions, bound to a Prometheus registry that is"
            + " scraped once a second. “Recorded” is: watched, and the JVM's Flight Recorder runs"
            + " with the JDK's default settings, Hone's events included. What events cost while"
            + " nobody records is measured from above: the whole code that asks, by itself, over"
            + " the time of one call of the tiny model.");
    if (effort == Effort.SHORT) {
      return; // what is less than one percent of MiniLM takes too many rounds to see
    }
    Progress.say("what watching costs, MiniLM");
    long[][] texts = TextModel.MINILM.tokens(List.of("Where do swallows go in winter?"));
    try (Batch query = TextModel.batch(TextModel.rowsOf(1, QUERY_LENGTH, texts))) {
      miniLm(query, effort, answer);
    }
  }

  private static void tiny(Effort effort, Answer answer) {
    GemmModel gemm = new GemmModel(16, 32, 4);
    float[] row = gemm.row(1);
    List<Entrant> entrants = new ArrayList<>();
    int heapCalls = effort.pick(1_000, 200_000, 1_000_000);
    double[] heap = new double[1];
    for (WatchedCall.Watch watch : WatchedCall.Watch.values()) {
      entrants.add(
          new Entrant(
              watch.words(),
              watch.side(),
              () ->
                  new WatchedCall.Tiny(gemm, row, watch) {
                    @Override
                    public void check() {
                      if (watch == WatchedCall.Watch.WATCHED) {
                        heap[0] = heapBytes(this, heapCalls);
                      }
                      super.check();
                    }
                  }));
    }
    entrants.add(new Entrant(EVENTS_OFF, Side.OURS, WatchingCost::timerAlone));
    Samples samples = Interleaved.measure(entrants, effort);
    samples.failures().forEach(answer::missing);
    String watched = WatchedCall.Watch.WATCHED.words();
    String plain = WatchedCall.Watch.NOT_WATCHED.words();
    if (samples.has(watched, plain)) {
      answer.figure("monitoring.cost", minus(samples.nanos(watched), samples.nanos(plain)));
      answer.figure("monitoring.heap", heap[0]);
    }
    if (samples.has(EVENTS_OFF, plain)) {
      double[] cycles = samples.timeAgainst(EVENTS_OFF, plain);
      answer.figure("monitoring.jfr.off", times(100.0 / CYCLES, cycles));
    }
    table("One call of a tiny model (" + gemm + "), watched", "ns", 1, samples, answer);
  }

  private static void miniLm(Batch query, Effort effort, Answer answer) {
    Switch counting = new Switch();
    SessionOptions options = SessionOptions.builder().threads(1).recorder(counting).build();
    Samples samples;
    try (Session session = Session.open(TextModel.MINILM.model(), options)) {
      List<Entrant> entrants = new ArrayList<>();
      for (WatchedCall.Watch watch : WatchedCall.Watch.values()) {
        entrants.add(
            new Entrant(
                watch.words(),
                watch.side(),
                () -> new WatchedCall.Shared(session, counting, query, watch)));
      }
      // One percent is not much: it takes many rounds to see.
      samples = Interleaved.measure(entrants, effort == Effort.SMOKE ? effort : Effort.FULL);
    }
    samples.failures().forEach(answer::missing);
    String plain = WatchedCall.Watch.NOT_WATCHED.words();
    String watched = WatchedCall.Watch.WATCHED.words();
    String recorded = WatchedCall.Watch.RECORDED.words();
    if (samples.has(plain, watched, recorded)) {
      answer.figure("monitoring.minilm", Percent.lost(samples.speedAgainst(watched, plain)));
      answer.figure("monitoring.jfr.on", Percent.lost(samples.speedAgainst(recorded, watched)));
    }
    String title = "One call of MiniLM, a query of " + QUERY_LENGTH + " tokens, watched";
    table(title, "ms", 1e-6, samples, answer);
  }

  private static void table(
      String title, String unit, double scale, Samples samples, Answer answer) {
    Table table =
        answer.add(new Table(title, Column.lower(TIME, unit).asBars(), Column.lower(AGAINST, "x")));
    String plain = WatchedCall.Watch.NOT_WATCHED.words();
    for (WatchedCall.Watch watch : WatchedCall.Watch.values()) {
      if (samples.has(watch.words(), plain)) {
        table
            .row(watch.words(), watch.side())
            .set(TIME, times(scale, samples.nanos(watch.words())))
            .set(AGAINST, samples.timeAgainst(watch.words(), plain));
      }
    }
  }

  /** All that a run does for events and times while nobody wants either. */
  private static Rival timerAlone() {
    RunTimer timer = new RunTimer("nobody", Recorder.disabled());
    return () -> {
      for (int i = 0; i < CYCLES; i++) {
        timer.begin();
        timer.validated();
        timer.computed();
        timer.answered(1);
        timer.end();
      }
    };
  }

  private static double heapBytes(WatchedCall call, int calls) {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long before = threads.getCurrentThreadAllocatedBytes();
    for (int i = 0; i < calls; i++) {
      call.call();
    }
    double bytes = threads.getCurrentThreadAllocatedBytes() - before;
    return Math.round(100 * bytes / calls) / 100.0;
  }

  private static double[] minus(double[] values, double[] others) {
    double[] differences = new double[values.length];
    Arrays.setAll(differences, i -> values[i] - others[i]);
    return differences;
  }

  private static double[] times(double factor, double[] values) {
    return Arrays.stream(values).map(value -> factor * value).toArray();
  }
}
