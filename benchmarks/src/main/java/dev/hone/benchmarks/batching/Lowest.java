package dev.hone.benchmarks.batching;

import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.question.Answer;
import java.util.ArrayList;
import java.util.List;

/**
 * The lowest of several comparisons, as one figure. If one of them could not be made in a process,
 * that process enters no figure: it might have been the lowest.
 */
final class Lowest {
  private final String id;
  private final List<String> failed = new ArrayList<>();
  private double[] lowest = {};

  /** Of no comparison yet; the figure of this id. */
  Lowest(String id) {
    this.id = id;
  }

  /** A comparison was made, with these rounds. */
  void add(double... rounds) {
    if (lowest.length == 0 || Estimate.of(rounds).value() < Estimate.of(lowest).value()) {
      lowest = rounds.clone();
    }
  }

  /** A comparison could not be made: this one. */
  void failed(String comparison) {
    failed.add(comparison);
  }

  /** Enters the figure, or tells why there is none. */
  void enterInto(Answer answer) {
    if (!failed.isEmpty()) {
      String what = String.join("; ", failed);
      answer.missing("the figure " + id, "it is the worst of several, and these failed: " + what);
    } else if (lowest.length > 0) {
      answer.figure(id, lowest);
    }
  }
}
