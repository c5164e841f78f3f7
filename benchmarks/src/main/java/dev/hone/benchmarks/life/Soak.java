package dev.hone.benchmarks.life;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.util.List;

/** Whether the memory of a process stays what it is while a session runs and runs. */
public final class Soak implements AskedOnce {
  /** The heap is as large as it ever gets from the start, so that only native memory can grow. */
  private static final List<String> FIXED_HEAP =
      List.of("-Xms256m", "-Xmx256m", "-XX:+AlwaysPreTouch", "-Dhone.leaks=strict");

  private static final String GROWTH = "growth of resident memory";
  private static final String LEFT = "native bytes left when all is closed";
  private static final String RUNS = "runs";
  private static final String RESIDENT = "resident in the end";

  @Override
  public String id() {
    return "soak";
  }

  @Override
  public String words() {
    return "Does memory grow while a session runs and runs?";
  }

  /** What grows slowly is not seen in the short suite. */
  @Override
  public boolean belongsTo(Effort suite) {
    return suite != Effort.SHORT;
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(6, 65, 610);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws IOException, InterruptedException {
    int seconds = effort.pick(2, 60, 600);
    Progress.say("mixed shapes from 8 threads, " + seconds + " s");
    double[] found = LifeProcess.start(FIXED_HEAP, SoakProcess.class, Integer.toString(seconds));
    answer
        .add(
            new Table(
                "MiniLM, texts of 1 to 128 tokens, 8 threads, " + seconds + " s",
                Column.lower(GROWTH, "%"),
                Column.lower(LEFT, "B"),
                Column.higher(RUNS, ""),
                Column.lower(RESIDENT, "MB")))
        .row("Hone: Session", Side.OURS)
        .set(GROWTH, found[0])
        .set(LEFT, found[1])
        .set(RUNS, found[2])
        .set(RESIDENT, found[3] / 1e6);
    answer.figure("memory.soak.growth", found[0]);
    answer.figure("memory.soak.left", found[1]);
    answer.note(
        "Half of the time warms up, so that every length was seen; then the medians of the first"
            + " and the last quarter of the rest are compared. The suite full soaks for ten"
            + " minutes.");
  }
}
