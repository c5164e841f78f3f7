package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Effort;

/**
 * A question that a benchmark answers. Asked in a process of its own, several times over in fresh
 * ones, so that it may crash, leak or spoil the compiler's profile without harm to the others.
 */
public interface Question {
  /** What {@code -Dbench.only} calls it. */
  String id();

  /** The question, as a reader would ask it. */
  String words();

  /** How many fresh processes ask it. */
  default int processes(Effort effort) {
    return effort.processes();
  }

  /** Whether this suite asks it; it is always asked if it is named. */
  default boolean belongsTo(Effort suite) {
    return true;
  }

  /** About how long one process of this effort takes, in seconds, on two cores. */
  int seconds(Effort effort);

  /**
   * Finds the answer.
   *
   * @param effort how long to measure
   * @param answer receives figures, tables, and what could not be measured
   * @throws Exception if nothing of it can be answered
   */
  void ask(Effort effort, Answer answer) throws Exception;
}
