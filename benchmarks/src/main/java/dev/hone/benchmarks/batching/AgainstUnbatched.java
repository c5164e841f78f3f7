package dev.hone.benchmarks.batching;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Interleaved;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.measure.Samples;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;

/**
 * Compares the batcher with sessions without one, for one workload after the other, each with 1, 8
 * and 64 callers. Remembers the worst comparison of all.
 */
final class AgainstUnbatched {
  /** Callers of the last comparison of each workload. */
  static final int MOST_CALLERS = 64;

  private static final List<Integer> CALLERS = List.of(1, 8, MOST_CALLERS);
  private static final int SMOKE_CALLERS = 8;
  private static final List<Way> ALWAYS = List.of(Way.DEFAULT, Way.ONE_THREAD, Way.HONE);

  /** Of requests that take so little that a turn has so many. */
  private static final int TINY = 8_192;

  private final Effort effort;
  private final Answer answer;
  private final Lowest worst;

  /**
   * Of no workload yet.
   *
   * @param worst the figure that the worst comparison becomes
   */
  AgainstUnbatched(Effort effort, Answer answer, Lowest worst) {
    this.effort = effort;
    this.answer = answer;
    this.worst = worst;
    answer.note(
        "Unbatched, the two settings that can be best are measured: all cores for one call at a"
            + " time, and one thread for each call. A target compares with the better of them.");
  }

  /**
   * Measures a workload, which stays the caller's.
   *
   * @param more other ways to measure with so many callers
   * @return what was measured with most callers
   */
  Samples measure(Workload workload, IntFunction<List<Way>> more) {
    List<Integer> callers = effort == Effort.SMOKE ? List.of(SMOKE_CALLERS) : CALLERS;
    Column[] columns =
        callers.stream()
            .map(many -> Column.higher(name(many), "requests/s"))
            .map(column -> column.name().equals(name(MOST_CALLERS)) ? column.asBars() : column)
            .toArray(Column[]::new);
    Table table = answer.add(new Table(workload.words(), columns));
    List<float[]> answers = workload.answers();
    Samples samples = new Samples();
    for (int many : callers) {
      Progress.say(workload.words() + ", " + name(many));
      List<Way> ways = new ArrayList<>(ALWAYS);
      ways.addAll(more.apply(many));
      samples = measure(part(workload, many), answers, ways, many, table);
      samples.failures().forEach((who, why) -> answer.missing(who + ", " + workload.words(), why));
      compare(samples, worst, workload.words() + ", " + name(many));
    }
    return samples;
  }

  /** In the short suite few callers have a part of the requests. */
  private Workload part(Workload all, int callers) {
    if (effort != Effort.SHORT || callers == MOST_CALLERS) {
      return all;
    }
    int requests = all.requests().size();
    return all.first(Math.max(requests / 4, requests * callers / MOST_CALLERS));
  }

  private Samples measure(
      Workload workload, List<float[]> answers, List<Way> ways, int callers, Table table) {
    boolean isTiny = workload.requests().size() >= TINY;
    List<Entrant> entrants = new ArrayList<>();
    for (Way way : ways) {
      boolean compiles = isTiny && way.side == Side.OURS; // much of the time is the batcher's code
      int warmUp = callers == 1 ? 0 : effort.pick(0, compiles ? 3_000 : 600, 3_000);
      Entrant entrant =
          new Entrant(
              way.words,
              way.side,
              () -> new Callers(way.open(workload), workload, answers, way.manner(), callers));
      entrants.add(way == Way.FIFO ? entrant : entrant.warmedUp(warmUp)); // it is slow
    }
    Samples samples = Interleaved.measure(entrants, effort);
    for (Way way : ways) {
      if (samples.has(way.words)) {
        double[] rates = samples.perSecond(way.words, workload.requests().size());
        table.row(way.words, way.side).set(name(callers), rates);
      }
    }
    return samples;
  }

  /** Whether the batcher, and all that it is to be compared with, were measured. */
  static boolean isComparable(Samples samples) {
    return ALWAYS.stream().allMatch(way -> samples.has(way.words));
  }

  /** Which unbatched setting is the better one. */
  static String tuned(Samples samples) {
    double many = Estimate.of(samples.nanos(Way.DEFAULT.words)).value();
    double one = Estimate.of(samples.nanos(Way.ONE_THREAD.words)).value();
    return many < one ? Way.DEFAULT.words : Way.ONE_THREAD.words;
  }

  /** Compares the batcher with the better of the unbatched settings, if all three were measured. */
  static void compare(Samples samples, Lowest worst, String comparison) {
    if (isComparable(samples)) {
      worst.add(samples.speedAgainst(Way.HONE.words, tuned(samples)));
    } else {
      worst.failed(comparison);
    }
  }

  private static String name(int callers) {
    return "answered, " + (callers == 1 ? "1 caller" : callers + " callers");
  }
}
