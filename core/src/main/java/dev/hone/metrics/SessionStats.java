package dev.hone.metrics;

import java.util.Collections;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;

/**
 * What a session did since it was opened, and what it is like now. Immutable. Counts only grow, so
 * two snapshots subtract; each call is in a snapshot as a whole or not at all.
 *
 * @param outcomes how calls ended
 * @param total nanoseconds from call to answer, of answered calls
 * @param stages the same by part; the parts of a call add up to its total
 * @param rows rows of answered calls
 * @param late answered calls whose deadline had passed
 * @param failures failed calls by kind
 * @param rejections refused calls by reason
 * @param batches the runs behind the calls
 * @param now gauges, which do not subtract
 */
public record SessionStats(
    Map<Outcome, Long> outcomes,
    Distribution total,
    Map<Stage, Distribution> stages,
    long rows,
    long late,
    Map<ErrorKind, Long> failures,
    Map<Rejection, Long> rejections,
    Batches batches,
    Moment now) {
  /** Of a session that does not count, or has not been called. */
  public static final SessionStats EMPTY =
      new SessionStats(
          Map.of(),
          Distribution.EMPTY,
          Map.of(),
          0,
          0,
          Map.of(),
          Map.of(),
          new Batches(Map.of(), Distribution.EMPTY, 0, 0, 0),
          new Moment(0, 0, 0, 0, 0, 0));

  /** Copies the maps; what is not in one counts as none. */
  public SessionStats {
    outcomes = complete(Outcome.class, outcomes, 0L);
    stages = complete(Stage.class, stages, Distribution.EMPTY);
    failures = complete(ErrorKind.class, failures, 0L);
    rejections = complete(Rejection.class, rejections, 0L);
  }

  private static <E extends Enum<E>, V> Map<E, V> complete(
      Class<E> type, Map<E, V> values, V none) {
    Map<E, V> all = new EnumMap<>(type);
    for (E constant : type.getEnumConstants()) {
      all.put(constant, values.getOrDefault(constant, none));
    }
    return Collections.unmodifiableMap(all);
  }

  private static <E extends Enum<E>> Map<E, Long> difference(
      Class<E> type, Map<E, Long> later, Map<E, Long> earlier) {
    Map<E, Long> difference = new EnumMap<>(type);
    later.forEach((key, n) -> difference.put(key, Math.max(0, n - earlier.getOrDefault(key, 0L))));
    return difference;
  }

  private static <E extends Enum<E>> Map<E, Long> sum(
      Class<E> type, Map<E, Long> one, Map<E, Long> other) {
    Map<E, Long> sum = new EnumMap<>(type);
    one.forEach((key, n) -> sum.put(key, n + other.getOrDefault(key, 0L)));
    return sum;
  }

  /**
   * The runs behind the calls: one for each call, or one for several.
   *
   * @param dispatches how many, by why each ran when it did
   * @param rows rows in a run
   * @param realTokens tokens that callers brought to batches (rows, where a row has no length)
   * @param paddedTokens tokens that were computed
   * @param busyNanos time spent computing, summed over all runs
   */
  public record Batches(
      Map<Dispatch, Long> dispatches,
      Distribution rows,
      long realTokens,
      long paddedTokens,
      long busyNanos) {
    /** Copies the map; what is not in it counts as none. */
    public Batches {
      dispatches = complete(Dispatch.class, dispatches, 0L);
    }

    /** How many runs, for this reason. */
    public long count(Dispatch why) {
      return dispatches.getOrDefault(why, 0L);
    }

    /** The share of computed tokens that was padding, 0 to 1. */
    public double paddingShare() {
      return paddedTokens == 0 ? 0 : 1 - (double) realTokens / paddedTokens;
    }

    /** The runs after an earlier snapshot. */
    public Batches minus(Batches earlier) {
      return new Batches(
          difference(Dispatch.class, dispatches, earlier.dispatches),
          rows.minus(earlier.rows),
          Math.max(0, realTokens - earlier.realTokens),
          Math.max(0, paddedTokens - earlier.paddedTokens),
          Math.max(0, busyNanos - earlier.busyNanos));
    }

    private Batches plus(Batches other) {
      return new Batches(
          sum(Dispatch.class, dispatches, other.dispatches),
          rows.plus(other.rows),
          realTokens + other.realTokens,
          paddedTokens + other.paddedTokens,
          busyNanos + other.busyNanos);
    }
  }

  /**
   * What it is like now.
   *
   * @param queuedRows rows that wait
   * @param oldestWaitNanos how long the oldest waiting call has waited
   * @param nativeBytes native bytes that tensors and pools of the whole process hold; weights, and
   *     what a native runtime keeps for its own work, are not in them
   * @param peakNativeBytes the most of these ever held at once
   * @param utilization busy time over available time lately, 0 to 1; above 1 where more runs went
   *     on at once than the session has slots for
   * @param pressure how near the session is to what it can do, for autoscaling: 0 is idle, 1 is
   *     full; above 1 calls wait longer than they should or are refused. While load rises evenly
   *     this is where it will be in ten seconds. Aim at 0.6 to 0.8
   */
  public record Moment(
      long queuedRows,
      long oldestWaitNanos,
      long nativeBytes,
      long peakNativeBytes,
      double utilization,
      double pressure) {}

  /** How many calls ended so. */
  public long count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0L);
  }

  /** How many calls failed so. */
  public long count(ErrorKind kind) {
    return failures.getOrDefault(kind, 0L);
  }

  /** How many calls were refused for this reason. */
  public long count(Rejection why) {
    return rejections.getOrDefault(why, 0L);
  }

  /** Nanoseconds that answered calls spent in this stage. */
  public Distribution stage(Stage stage) {
    return stages.getOrDefault(stage, Distribution.EMPTY);
  }

  /** All calls that ended, however. */
  public long calls() {
    return outcomes.values().stream().mapToLong(n -> n).sum();
  }

  /** What happened after an earlier snapshot of the same session. */
  public SessionStats minus(SessionStats earlier) {
    Objects.requireNonNull(earlier, "earlier statistics");
    Map<Stage, Distribution> between = new EnumMap<>(Stage.class);
    stages.forEach(
        (stage, times) ->
            between.put(
                stage, times.minus(earlier.stages.getOrDefault(stage, Distribution.EMPTY))));
    return new SessionStats(
        difference(Outcome.class, outcomes, earlier.outcomes),
        total.minus(earlier.total),
        between,
        Math.max(0, rows - earlier.rows),
        Math.max(0, late - earlier.late),
        difference(ErrorKind.class, failures, earlier.failures),
        difference(Rejection.class, rejections, earlier.rejections),
        batches.minus(earlier.batches),
        now);
  }

  /**
   * The calls of this and of another session together, where one takes over from the other.
   *
   * @param other whose gauges count
   */
  public SessionStats plus(SessionStats other) {
    Objects.requireNonNull(other, "other statistics");
    Map<Stage, Distribution> both = new EnumMap<>(Stage.class);
    stages.forEach((stage, times) -> both.put(stage, times.plus(other.stage(stage))));
    return new SessionStats(
        sum(Outcome.class, outcomes, other.outcomes),
        total.plus(other.total),
        both,
        rows + other.rows,
        late + other.late,
        sum(ErrorKind.class, failures, other.failures),
        sum(Rejection.class, rejections, other.rejections),
        batches.plus(other.batches),
        other.now);
  }

  /** A few lines for people. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    text.append(outcomes).append(", ").append(rows).append(rows == 1 ? " row" : " rows");
    text.append("\n  total ms: ").append(total.inMillis());
    stages.forEach(
        (stage, times) -> {
          if (times.count() > 0) {
            text.append("\n  ").append(stage).append(" ms: ").append(times.inMillis());
          }
        });
    text.append("\n  rows in a run: ").append(batches.rows);
    text.append(
        String.format(
            Locale.ROOT,
            "%n  padding %.1f %%, utilization %.2f, pressure %.2f",
            100 * batches.paddingShare(),
            now.utilization,
            now.pressure));
    return text.toString();
  }
}
