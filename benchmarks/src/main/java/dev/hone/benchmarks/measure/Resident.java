package dev.hone.benchmarks.measure;

/** How much of this process is in memory, natives included; 0 where the system does not tell. */
public final class Resident {
  private Resident() {}

  /** Bytes now. */
  public static long bytes() {
    for (String line : ProcFile.lines("/proc/self/status")) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1024;
      }
    }
    return 0;
  }
}
