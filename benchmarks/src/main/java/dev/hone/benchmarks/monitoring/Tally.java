package dev.hone.benchmarks.monitoring;

import dev.hone.HoneException;
import dev.hone.metrics.ErrorKind;
import dev.hone.metrics.Outcome;
import dev.hone.metrics.SessionStats;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.LongAdder;

/**
 * How calls ended, as those saw it who made them; and of failed ones, why. Kept by nothing but what
 * a caller gets: a result or an exception. Thread-safe.
 */
final class Tally {
  private final Map<Outcome, LongAdder> outcomes = new EnumMap<>(Outcome.class);
  private final Map<ErrorKind, LongAdder> failures = new EnumMap<>(ErrorKind.class);

  Tally() {
    for (Outcome outcome : Outcome.values()) {
      outcomes.put(outcome, new LongAdder());
    }
    for (ErrorKind kind : ErrorKind.values()) {
      failures.put(kind, new LongAdder());
    }
  }

  void answered() {
    add(Outcome.ANSWERED);
  }

  private void add(Outcome outcome) {
    outcomes.getOrDefault(outcome, new LongAdder()).increment();
  }

  /** Counts a call by the exception that its caller got. */
  void ended(Throwable thrown) {
    Throwable cause =
        thrown instanceof CompletionException && thrown.getCause() != null
            ? thrown.getCause()
            : thrown;
    if (cause instanceof CancellationException
        || cause instanceof HoneException.CancelledException) {
      add(Outcome.CANCELLED);
    } else if (cause instanceof HoneException.DeadlineException) {
      add(Outcome.EXPIRED);
    } else if (cause instanceof HoneException.OverloadException) {
      add(Outcome.REJECTED);
    } else {
      add(Outcome.FAILED);
      failures.getOrDefault(kind(cause), new LongAdder()).increment();
    }
  }

  private static ErrorKind kind(Throwable cause) {
    if (cause instanceof IllegalArgumentException) {
      return ErrorKind.INPUT;
    }
    return cause instanceof HoneException ? ErrorKind.RUNTIME : ErrorKind.OTHER;
  }

  long count(Outcome outcome) {
    return outcomes.getOrDefault(outcome, new LongAdder()).sum();
  }

  long count(ErrorKind kind) {
    return failures.getOrDefault(kind, new LongAdder()).sum();
  }

  long calls() {
    return outcomes.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** How many calls the session counted otherwise. */
  long missedBy(SessionStats stats) {
    long missed = 0;
    for (Outcome outcome : Outcome.values()) {
      missed += Math.abs(count(outcome) - stats.count(outcome));
    }
    for (ErrorKind kind : ErrorKind.values()) {
      missed += Math.abs(count(kind) - stats.count(kind));
    }
    return missed;
  }
}
