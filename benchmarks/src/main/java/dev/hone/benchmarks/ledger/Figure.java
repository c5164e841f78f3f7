package dev.hone.benchmarks.ledger;

import java.math.BigDecimal;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * One figure that the library claims or aims at.
 *
 * @param id its name in the ledger
 * @param target what it should reach, if anything
 * @param unit its unit, {@code x} for a ratio; empty for a bare number
 * @param words what it is
 */
public record Figure(String id, @Nullable Target target, String unit, String words) {
  static Figure of(String id, String target, String unit, String words) {
    return new Figure(id, target.isEmpty() ? null : Target.parse(target), unit, words);
  }

  /** The part of the id before the first dot: what it belongs to. */
  public String area() {
    return id.substring(0, id.indexOf('.'));
  }

  /** What it should reach, if anything. */
  public Optional<Target> goal() {
    return Optional.ofNullable(target);
  }

  /** A number without needless digits or exponents. */
  static String plain(double value) {
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }
}
