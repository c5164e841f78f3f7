package dev.hone.benchmarks.ledger;

import dev.hone.benchmarks.measure.Estimate;

/**
 * What a figure should reach.
 *
 * @param least whether values from {@code bound} upwards are good, not downwards
 * @param bound the last good value
 */
public record Target(boolean least, double bound) {
  static Target parse(String text) {
    return new Target(text.startsWith(">"), Double.parseDouble(text.substring(3)));
  }

  /** Whether the value is good. */
  public boolean isMetBy(double value) {
    return least ? value >= bound : value <= bound;
  }

  /**
   * Whether the whole interval is on the bad side even of a bound that is easier by this share of
   * itself.
   */
  public boolean isFarFrom(Estimate estimate, double share) {
    return least ? estimate.high() < bound * (1 - share) : estimate.low() > bound * (1 + share);
  }

  /** In a reader's words, for example {@code ≥ 5}; the bound comes as the reader wants it. */
  public String words(String bound) {
    return (least ? "≥ " : "≤ ") + bound;
  }

  /** For example {@code <= 1.25}. */
  @Override
  public String toString() {
    return (least ? ">= " : "<= ") + Figure.plain(bound);
  }
}
