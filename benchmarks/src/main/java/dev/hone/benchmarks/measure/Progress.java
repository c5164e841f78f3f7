package dev.hone.benchmarks.measure;

/** Tells the one who waits what is being measured now. */
public final class Progress {
  /** What such a line begins with on the standard output of a measuring process. */
  public static final String MARK = "» ";

  private Progress() {}

  /** Says what begins now. */
  public static void say(String what) {
    System.out.println(MARK + what);
  }
}
