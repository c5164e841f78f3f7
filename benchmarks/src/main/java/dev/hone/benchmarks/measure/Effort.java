package dev.hone.benchmarks.measure;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/** How long to measure. */
public enum Effort {
  /** Once, to see that it runs: for tests. Its figures mean nothing. */
  SMOKE(1, 1, 1, 0, 0),
  /** Enough to see that no claim is far off, within five minutes. */
  GUARD(1, 6, 30, 20, 600),
  /** The usual one: the whole suite in a quarter of an hour on two cores. */
  SHORT(1, 6, 40, 20, 800),
  /** For figures that are kept: more processes, more rounds, longer slices. */
  FULL(3, 10, 100, 40, 5_000);

  /** From so many slices on, a turn is long: it is an average already. */
  private static final double LONG_TURNS = 5;

  private final int processes;
  private final int leastRounds;
  private final int mostRounds;
  private final long sliceMillis;
  private final long rivalMillis;

  Effort(int processes, int leastRounds, int mostRounds, long sliceMillis, long rivalMillis) {
    this.processes = processes;
    this.leastRounds = leastRounds;
    this.mostRounds = mostRounds;
    this.sliceMillis = sliceMillis;
    this.rivalMillis = rivalMillis;
  }

  /**
   * By the name that a user types.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public static Effort named(String name) {
    return Arrays.stream(values())
        .filter(effort -> effort.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "There is no suite '"
                        + name
                        + "'. -Dbench.suite is one of "
                        + Arrays.stream(values())
                            .map(Effort::toString)
                            .collect(Collectors.joining(", "))
                        + "; short is the default."));
  }

  /** Fresh processes, one after the other, in which each question is asked. */
  public int processes() {
    return processes;
  }

  /**
   * Rounds in each process, so that each rival is measured as long as this effort plans, but not so
   * few that they have no interval of 95 %.
   *
   * @param turnNanos how long a turn lasts, on the average over the rivals
   */
  public int rounds(double turnNanos) {
    double wanted = rivalMillis * 1e6 / ((pairs(turnNanos) ? 2 : 1) * Math.max(1, turnNanos));
    int rounds = (int) Math.max(leastRounds, Math.min(mostRounds, wanted));
    return pairs(turnNanos) ? rounds : rounds + rounds % 2; // as many back as there
  }

  /**
   * Whether a round has two turns of each rival, there and back, not one of them; the full suite
   * always takes the time for it.
   *
   * @param turnNanos how long a turn lasts, on the average over the rivals
   */
  public boolean pairs(double turnNanos) {
    return this == FULL || turnNanos <= LONG_TURNS * sliceMillis * 1e6;
  }

  /** How long one turn of one rival lasts, at least. */
  public long sliceMillis() {
    return sliceMillis;
  }

  /** How long each rival runs before it is measured, at least. */
  public long warmUpMillis() {
    return rivalMillis / 4;
  }

  /** The value for this effort: the first for a smoke run, the last for the full suite. */
  public int pick(int smoke, int usual, int full) {
    return this == SMOKE ? smoke : this == FULL ? full : usual;
  }

  /** The name that a user types. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}
