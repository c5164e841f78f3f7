package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Estimate;
import java.util.ArrayList;
import java.util.List;

/**
 * The values of one measured thing: one array of rounds for each process.
 *
 * @param processes rounds, process by process
 */
public record Values(List<double[]> processes) {
  /** Copies the list. */
  public Values {
    processes = List.copyOf(processes);
  }

  /** The rounds of one process. */
  public static Values of(double... rounds) {
    return new Values(List.of(rounds));
  }

  /** These and then those. */
  public Values and(Values others) {
    List<double[]> all = new ArrayList<>(processes);
    all.addAll(others.processes);
    return new Values(all);
  }

  /** Value and interval. */
  public Estimate estimate() {
    return Estimate.of(processes);
  }
}
