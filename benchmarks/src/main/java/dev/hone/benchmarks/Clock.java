package dev.hone.benchmarks;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.question.Question;
import java.util.List;
import java.util.Locale;
import java.util.function.LongSupplier;

/**
 * Says what runs and how long is left. The forecast is the questions' own estimates, corrected by
 * how well those of the finished ones held.
 */
final class Clock {
  private final Effort effort;
  private final LongSupplier nanoTime;
  private final int steps;
  private double plannedSeconds;
  private double doneSeconds;
  private double tookSeconds;
  private int step;
  private String current = "";
  private double currentSeconds;
  private long startNanos;

  /**
   * Before the first question.
   *
   * @param nanoTime tells the time
   */
  Clock(List<Question> questions, Effort effort, LongSupplier nanoTime) {
    this.effort = effort;
    this.nanoTime = nanoTime;
    this.steps = questions.stream().mapToInt(question -> question.processes(effort)).sum();
    for (Question question : questions) {
      plannedSeconds += (double) question.seconds(effort) * question.processes(effort);
    }
  }

  void begin(Question question, int process) {
    step++;
    current = question.id() + ", process " + process + " of " + question.processes(effort);
    currentSeconds = question.seconds(effort);
    startNanos = nanoTime.getAsLong();
    say("begins");
  }

  void say(String what) {
    System.out.println(line(what));
  }

  /** What it says. */
  String line(String what) {
    return String.format(
        Locale.ROOT,
        "[bench] %d of %d · %s · %s · about %s left",
        step,
        steps,
        current,
        what,
        left());
  }

  void end() {
    doneSeconds += currentSeconds;
    tookSeconds += elapsedSeconds();
  }

  private double elapsedSeconds() {
    return (nanoTime.getAsLong() - startNanos) / 1e9;
  }

  private String left() {
    double pace = doneSeconds == 0 ? 1 : tookSeconds / doneSeconds;
    double after = pace * (plannedSeconds - doneSeconds - currentSeconds);
    double seconds = after + Math.max(1, pace * currentSeconds - elapsedSeconds());
    return seconds < 90 ? Math.round(seconds) + " s" : Math.round(seconds / 60) + " min";
  }
}
