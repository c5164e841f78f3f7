package dev.hone.shadow;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a {@link Shadow} found since it was made. Immutable.
 *
 * @param state whether the models agree
 * @param evidence how near the test is to an alarm: 0 no sign of harm, 1 alarm
 * @param compared requests that were answered by both models and compared
 * @param disagreed those of them that were further apart than the limit
 * @param skipped sampled requests that were not compared: to keep the budget, under pressure, or
 *     because their callers asked for none of the outputs that are compared
 * @param failed sampled requests whose comparison failed, for example in the baseline
 * @param meanDivergence the mean divergence of compared requests: of each the worst row of the
 *     worst output
 * @param worstDivergence the largest
 * @param distributionShift by feature, how far recent requests are from the reference, as a
 *     population stability index: below 0.1 nothing, above 0.25 another population; features seen
 *     too rarely are left out
 */
public record ShadowStats(
    Agreement state,
    double evidence,
    long compared,
    long disagreed,
    long skipped,
    long failed,
    double meanDivergence,
    double worstDivergence,
    Map<String, Double> distributionShift) {
  /** Copies the map. */
  public ShadowStats {
    distributionShift = Collections.unmodifiableMap(new TreeMap<>(distributionShift));
  }

  /** The largest shift of any feature, or 0. */
  public double largestShift() {
    return distributionShift.values().stream().mapToDouble(shift -> shift).max().orElse(0);
  }

  /** One line for people. */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %d of %d requests disagreed (evidence %.2f, divergence mean %.2g, worst %.2g), %d"
            + " skipped, %d failed, shift %s",
        state,
        disagreed,
        compared,
        evidence,
        meanDivergence,
        worstDivergence,
        skipped,
        failed,
        distributionShift);
  }
}
