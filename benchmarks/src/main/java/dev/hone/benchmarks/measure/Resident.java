package dev.hone.benchmarks.measure;

/** How much of this process is in memory, natives included; 0 where the system does not tell. */
public final class Resident {
  private Resident() {}

  /** Bytes now. */
  public static long bytes() {
    return status("VmRSS:");
  }

  /** The most bytes ever. */
  public static long peakBytes() {
    return status("VmHWM:");
  }

  private static long status(String field) {
    for (String line : ProcFile.lines("/proc/self/status")) {
      if (line.startsWith(field)) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return 0;
  }
}
