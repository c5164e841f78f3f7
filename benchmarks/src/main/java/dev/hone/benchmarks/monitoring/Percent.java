package dev.hone.benchmarks.monitoring;

import java.util.Arrays;

/** Ratios as changes in percent. */
final class Percent {
  private Percent() {}

  /** How much throughput is lost, from speeds as multiples of another's. */
  static double[] lost(double[] speeds) {
    return Arrays.stream(speeds).map(speed -> 100 * (1 - speed)).toArray();
  }

  /** How much a time rises, from times as multiples of another's. */
  static double[] risen(double[] times) {
    return Arrays.stream(times).map(time -> 100 * (time - 1)).toArray();
  }
}
