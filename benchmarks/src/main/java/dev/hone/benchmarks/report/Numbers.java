package dev.hone.benchmarks.report;

import java.util.Locale;

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
