package dev.hone.benchmarks.measure;

/** A failure in one line, for a report. */
public final class Failure {
  private static final int LONGEST = 300;

  private Failure() {}

  /** What went wrong, in one line: the first words of the innermost cause. */
  public static String words(Throwable failure) {
    Throwable innermost = failure;
    while (innermost.getCause() != null && innermost.getCause() != innermost) {
      innermost = innermost.getCause();
    }
    String message = innermost.getMessage() == null ? "" : ": " + innermost.getMessage();
    String line = (innermost.getClass().getSimpleName() + message).replaceAll("\\s+", " ");
    return line.length() <= LONGEST ? line : line.substring(0, LONGEST) + "…";
  }
}
