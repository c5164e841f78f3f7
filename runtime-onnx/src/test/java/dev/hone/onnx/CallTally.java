package dev.hone.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.RunOptions.Priority;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;

/** How many calls ended how. For one thread; what several counted is added up. */
final class CallTally {
  private final Map<Outcome, Long> others = new EnumMap<>(Outcome.class);
  private final Map<String, Long> served = new TreeMap<>(); // by tenant and priority
  private long identical;
  private long near;
  private double worst;

  /**
   * Counts an answer.
   *
   * @param difference from the expected one, as a part of its largest number; 0 if bits are equal
   */
  void answered(String tenant, Priority priority, double difference) {
    if (difference == 0) {
      identical++;
    } else {
      near++;
      worst = Math.max(worst, difference);
    }
    served.merge(tenant + " " + priority, 1L, Long::sum);
  }

  /** Counts a call without one. */
  void ended(Outcome outcome) {
    others.merge(outcome, 1L, Long::sum);
  }

  void add(CallTally other) {
    identical += other.identical;
    near += other.near;
    worst = Math.max(worst, other.worst);
    other.others.forEach((outcome, count) -> others.merge(outcome, count, Long::sum));
    other.served.forEach((whom, count) -> served.merge(whom, count, Long::sum));
  }

  /** Answers that are the expected ones, bit for bit. */
  long identical() {
    return identical;
  }

  /** Answers that are not. */
  long near() {
    return near;
  }

  /** The largest difference of an answer, as a part of its largest number. */
  double worst() {
    return worst;
  }

  long answered() {
    return identical + near;
  }

  long count(Outcome outcome) {
    return outcome == Outcome.ANSWERED ? answered() : others.getOrDefault(outcome, 0L);
  }

  long calls() {
    return answered() + others.values().stream().mapToLong(n -> n).sum();
  }

  /** How many answers those got who got fewest, of so many kinds of callers. */
  long fewest(int kinds) {
    assertThat(served).hasSize(kinds);
    return served.values().stream().mapToLong(n -> n).min().orElse(0);
  }

  /** The session counted what its callers saw. */
  void requireIn(SessionStats stats) {
    assertThat(stats.calls()).isEqualTo(calls());
    for (Outcome outcome : Outcome.values()) {
      assertThat(stats.count(outcome)).as(outcome.toString()).isEqualTo(count(outcome));
    }
    assertThat(stats.now().queuedRows()).isZero();
  }

  @Override
  public String toString() {
    return identical + " identical, " + near + " near by " + worst + ", " + others + ", " + served;
  }
}
