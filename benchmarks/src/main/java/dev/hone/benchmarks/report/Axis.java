package dev.hone.benchmarks.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A linear axis: from values to places in a picture.
 *
 * @param low the value at its beginning
 * @param high the value at its end
 * @param start the place of its beginning
 * @param end the place of its end
 */
record Axis(double low, double high, double start, double end) {
  private static final int WANTED_TICKS = 5;

  /** An axis that holds zero and these values. */
  static Axis withZero(double lowest, double highest, double start, double end) {
    double bottom = Math.min(0, lowest);
    double top = Math.max(0, highest);
    return new Axis(bottom, top > bottom ? top : 1, start, end);
  }

  /** An axis that holds these values with some room around them. */
  static Axis around(double lowest, double highest, double start, double end) {
    double room = highest > lowest ? (highest - lowest) * 0.08 : Math.max(1e-9, highest * 0.1);
    return new Axis(lowest - room, highest + room, start, end);
  }

  /** The place of a value. */
  double place(double value) {
    return start + (value - low) / (high - low) * (end - start);
  }

  /** Round values on the axis, about five. */
  List<Double> ticks() {
    double raw = (high - low) / WANTED_TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(raw)));
    double step = power * 10;
    for (double factor : new double[] {1, 2, 2.5, 5}) {
      if (raw <= factor * power) {
        step = factor * power;
        break;
      }
    }
    List<Double> ticks = new ArrayList<>();
    for (long i = (long) Math.ceil(low / step - 1e-9); i * step <= high + step * 1e-9; i++) {
      ticks.add(i * step);
    }
    return ticks;
  }
}
