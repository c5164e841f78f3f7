package dev.hone.benchmarks.report;

import dev.hone.benchmarks.measure.Estimate;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.util.Collection;
import java.util.Locale;
import java.util.stream.DoubleStream;

/** Numbers and units as a reader wants them. */
final class Numbers {
  private Numbers() {}

  /** Three significant digits, more where the first ones are nines; thousands set apart. */
  static String of(double value) {
    double size = Math.abs(value);
    if (value == 0) {
      return "0";
    }
    if (size >= 1000) {
      return String.format(Locale.ROOT, "%,.0f", value).replace(',', '\u202f');
    }
    if (size > 0.99 && size < 1) {
      return trimmed(value, 5);
    }
    if (size < 0.001) {
      return String.format(Locale.ROOT, "%.1e", value).replaceAll("e-0?", "e-");
    }
    return trimmed(value, Math.max(0, 2 - (int) Math.floor(Math.log10(size))));
  }

  /**
   * How many significant digits numbers have that stand below each other: three, more where the
   * first ones of one are nines, and 0, for as many as each needs, where all are whole.
   */
  static int digits(Collection<Estimate> column) {
    double[] all =
        column.stream()
            .flatMapToDouble(e -> DoubleStream.of(e.value(), e.low(), e.high()))
            .toArray();
    if (DoubleStream.of(all).allMatch(value -> value == Math.rint(value))) {
      return 0;
    }
    return DoubleStream.of(all).map(Math::abs).anyMatch(size -> size > 0.99 && size < 1) ? 5 : 3;
  }

  /** A number of a column with these {@linkplain #digits digits}. */
  static String of(double value, int digits) {
    double size = Math.abs(value);
    if (digits == 0 || value == 0 || size < 0.001 || size >= 1000) {
      return of(value);
    }
    BigDecimal rounded = new BigDecimal(value).round(new MathContext(digits, RoundingMode.HALF_UP));
    int decimals = digits - (rounded.precision() - rounded.scale());
    return rounded.setScale(Math.max(0, decimals), RoundingMode.HALF_UP).toPlainString();
  }

  private static String trimmed(double value, int decimals) {
    String text = String.format(Locale.ROOT, "%." + decimals + "f", value);
    return text.contains(".") ? text.replaceAll("0+$", "").replaceAll("\\.$", "") : text;
  }

  /** A number with its unit, for example {@code 2.31×} or {@code 14 ns}. */
  static String of(double value, String unit) {
    return of(value) + suffix(unit);
  }

  /** What follows a number. */
  static String suffix(String unit) {
    return switch (unit) {
      case "" -> "";
      case "x" -> "×";
      case "us" -> "\u00a0µs";
      default -> "\u00a0" + unit;
    };
  }

  /** What an axis says about its unit. */
  static String axis(String name, String unit) {
    return switch (unit) {
      case "" -> name;
      case "x" -> name + " (×)";
      case "us" -> name + " (µs)";
      default -> name + " (" + unit + ")";
    };
  }
}
