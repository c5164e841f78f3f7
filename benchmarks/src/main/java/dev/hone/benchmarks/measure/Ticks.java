package dev.hone.benchmarks.measure;

import java.util.List;

/**
 * How the processors spent their time since boot, in clock ticks; zeros where the system does not
 * tell.
 *
 * @param stolen the hypervisor ran other machines
 * @param all all of the time
 */
public record Ticks(long stolen, long all) {
  private static final int STOLEN = 8;

  /** The counters as they stand. */
  public static Ticks now() {
    List<String> lines = ProcFile.lines("/proc/stat");
    if (lines.isEmpty()) {
      return new Ticks(0, 0);
    }
    String[] fields = lines.get(0).trim().split("\\s+", -1);
    long all = 0;
    for (int i = 1; i <= STOLEN && i < fields.length; i++) {
      all += Long.parseLong(fields[i]);
    }
    long stolen = fields.length > STOLEN ? Long.parseLong(fields[STOLEN]) : 0;
    return new Ticks(stolen, all);
  }

  /** The share of time that was stolen since then, in percent. */
  public double stolenPercentSince(Ticks then) {
    return all == then.all ? 0 : 100.0 * (stolen - then.stolen) / (all - then.all);
  }
}
