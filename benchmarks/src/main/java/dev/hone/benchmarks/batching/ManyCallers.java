package dev.hone.benchmarks.batching;

import dev.hone.Session;
import dev.hone.SessionOptions;
import dev.hone.batching.BatchPolicy;
import dev.hone.batching.Batcher;
import dev.hone.benchmarks.batching.Callers.Manner;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** How many requests many callers get through, with and without batches. */
public final class ManyCallers implements Question {
  private static final List<Integer> CALLERS = List.of(1, 8, 64);

  private static final Way DEFAULT = new Way("Session as it opens by default", Side.THEIRS);
  private static final Way ONE_THREAD = new Way("Session, one thread for each call", Side.THEIRS);
  private static final Way FIFO = new Way("padded batches of 16, in order of arrival", Side.THEIRS);
  private static final Way HONE = new Way("Hone: Batcher", Side.OURS);
  private static final Way HONE_ASYNC = new Way("Hone: Batcher, runAsync", Side.OURS);
  private static final List<Way> ALL = List.of(DEFAULT, ONE_THREAD, FIFO, HONE, HONE_ASYNC);
  private static final String OFTEN_ASYNC = "gemm-medium";

  private record Way(String name, Side side) {}

  @Override
  public String id() {
    return "batching";
  }

  @Override
  public String words() {
    return "What do many callers gain by sharing batches?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 225, 1_030);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException {
    answer.note(
        "Unbatched, the two settings that can be best are measured: all cores for one call at a"
            + " time, and one thread for each call. A target compares with the better of them.");
    int texts = effort.pick(8, 128, 128);
    // So many that a fifth of a second passes: in less, not all of the callers get a processor.
    Lowest worst = new Lowest("batching.worst");
    gemm(effort, answer, worst, "gemm-tiny", effort.pick(64, 32_768, 32_768), 16, 32, 4);
    if (effort == Effort.SMOKE) {
      texts(Workload.mixedTexts(texts), null, effort, answer, worst);
    } else {
      gemm(effort, answer, worst, "gemm-medium", 16_384, 256, 512, 512, 10);
      gemm(effort, answer, worst, "gemm-large", 512, 1024, 2048, 2048, 100);
      Path small = Workload.smallFile(answer);
      if (small == null) {
        worst.failed("MiniLM INT8");
      }
      texts(Workload.shortTexts(texts), small, effort, answer, worst);
      texts(Workload.mixedTexts(texts), small, effort, answer, worst);
    }
    worst.enterInto(answer);
  }

  private static void gemm(
      Effort effort, Answer answer, Lowest worst, String id, int requests, int... widths) {
    try (Workload workload = Workload.gemm(id, requests, widths)) {
      one(workload, effort, answer, worst);
    }
  }

  private static void texts(
      Workload workload, @Nullable Path small, Effort effort, Answer answer, Lowest worst) {
    try (workload) {
      one(workload, effort, answer, worst);
      if (small != null) {
        one(workload.small(small), effort, answer, worst);
      }
    }
  }

  private static void one(Workload workload, Effort effort, Answer answer, Lowest worst) {
    List<Column> columns = new ArrayList<>();
    for (int callers : CALLERS) {
      Column column = Column.higher(name(callers), "requests/s");
      columns.add(callers == 64 ? column.asBars() : column);
    }
    Table table = answer.add(new Table(workload.words(), columns.toArray(Column[]::new)));
    for (int callers : effort == Effort.SMOKE ? List.of(8) : CALLERS) {
      Progress.say(workload.words() + ", " + name(callers));
      Samples samples = measure(workload, callers, effort, table);
      samples.failures().forEach((who, why) -> answer.missing(who + ", " + workload.words(), why));
      compare(samples, worst, workload.words() + ", " + name(callers));
      if (callers == 64) {
        figures(workload, samples, answer);
      }
    }
  }

  /**
   * All of them, but padded batches in order of arrival for many callers only, where they have a
   * figure: they take as long as all others together. In the short suite those that have figures,
   * and whom they are compared with.
   */
  private static List<Way> ways(Workload workload, int callers, Effort effort) {
    if (effort != Effort.SHORT) {
      return callers == 64 || effort == Effort.SMOKE
          ? ALL
          : ALL.stream().filter(way -> !way.equals(FIFO)).toList();
    }
    List<Way> ways = new ArrayList<>(List.of(DEFAULT, ONE_THREAD, HONE));
    if (callers == 64 && hasFifoFigure(workload)) {
      ways.add(FIFO);
    }
    if (callers == 64 && workload.id().equals(OFTEN_ASYNC)) {
      ways.add(HONE_ASYNC);
    }
    return ways;
  }

  private static Samples measure(Workload all, int callers, Effort effort, Table table) {
    boolean briefly = effort == Effort.SHORT && callers < 64;
    int part = all.requests().size() * callers / 64;
    Workload workload = briefly ? all.first(Math.max(all.requests().size() / 4, part)) : all;
    List<float[]> answers = workload.answers();
    List<Entrant> entrants = new ArrayList<>();
    for (Way way : ways(all, callers, effort)) {
      Manner manner = way.equals(HONE_ASYNC) ? Manner.ASYNC : Manner.BLOCKING;
      entrants.add(
          new Entrant(
              way.name(),
              way.side(),
              () -> {
                Session session = open(workload, way);
                Callers rival = new Callers(session, workload, answers, manner, callers);
                return warmedUp(rival, callers == 1 ? 0 : effort.pick(0, 600, 2_000));
              }));
    }
    Samples samples = Interleaved.measure(entrants, effort);
    for (Entrant entrant : entrants) {
      if (samples.has(entrant.name())) {
        double[] rates = samples.perSecond(entrant.name(), workload.requests().size());
        table.row(entrant.name(), entrant.side()).set(name(callers), rates);
      }
    }
    return samples;
  }

  /**
   * Calls for a while: what many threads do at once is compiled much later than what one does, and
   * a batcher needs some trials to know what pays.
   */
  private static Callers warmedUp(Callers callers, int millis) throws Exception {
    long begin = System.nanoTime();
    try {
      while (System.nanoTime() - begin < millis * 1_000_000L) {
        callers.once();
      }
      return callers;
    } catch (Exception | Error e) {
      callers.close();
      throw e;
    }
  }

  private static Session open(Workload workload, Way way) {
    if (way.equals(FIFO)) {
      return new FifoBatcher(workload.open(0));
    } else if (way.equals(HONE) || way.equals(HONE_ASYNC)) {
      return Batcher.open(workload.model(), SessionOptions.DEFAULT, BatchPolicy.automatic());
    }
    return workload.open(way.equals(ONE_THREAD) ? 1 : 0);
  }

  /** Which unbatched setting is the better one. */
  private static String tuned(Samples samples) {
    double many = Estimate.of(samples.nanos(DEFAULT.name())).value();
    double one = Estimate.of(samples.nanos(ONE_THREAD.name())).value();
    return many < one ? DEFAULT.name() : ONE_THREAD.name();
  }

  /** Compares the batcher with the better of the unbatched settings, if all three were measured. */
  static void compare(Samples samples, Lowest worst, String comparison) {
    if (samples.has(DEFAULT.name(), ONE_THREAD.name(), HONE.name())) {
      worst.add(samples.speedAgainst(HONE.name(), tuned(samples)));
    } else {
      worst.failed(comparison);
    }
  }

  private static void figures(Workload workload, Samples samples, Answer answer) {
    if (!samples.has(DEFAULT.name(), ONE_THREAD.name(), HONE.name())) {
      return;
    }
    String tuned = tuned(samples);
    switch (workload.id()) {
      case "gemm-tiny" -> answer.speed("batching.gemm-tiny", samples, HONE.name(), tuned);
      case OFTEN_ASYNC -> {
        answer.speed("batching.gemm-medium.callers", samples, HONE.name(), tuned);
        answer.speed("batching.gemm-medium.async", samples, HONE_ASYNC.name(), tuned);
      }
      case "gemm-large" -> answer.speed("batching.gemm-large.callers", samples, HONE.name(), tuned);
      default -> {
        answer.speed("batching." + workload.id(), samples, HONE.name(), tuned);
        if (hasFifoFigure(workload)) {
          String id = "batching." + workload.id() + ".fifo";
          answer.speed(id, samples, HONE.name(), FIFO.name());
        }
      }
    }
  }

  private static boolean hasFifoFigure(Workload workload) {
    return workload.id().startsWith("minilm.mixed");
  }

  private static String name(int callers) {
    return "answered, " + (callers == 1 ? "1 caller" : callers + " callers");
  }
}
