package dev.hone.benchmarks.life;

import dev.hone.benchmarks.inputs.SmallModels;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** How a session behaves when nothing happens, or when little is given. In processes of its own. */
public final class Life implements AskedOnce {
  private static final String IDLE = "processor time while idle";
  private static final String THREADS = "threads that work";
  private static final String HEAP = "Java heap (-Xmx) that was enough";
  private static final String PEAK = "Java heap used at most";
  private static final int HEAP_MB = 256;

  @Override
  public String id() {
    return "life";
  }

  @Override
  public String words() {
    return "How does a session behave when nothing happens, or little is given?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(5, 27, 120);
  }

  @Override
  public void ask(Effort effort, Answer answer) throws InterruptedException {
    try {
      threads(effort, answer);
      if (effort != Effort.SMOKE) {
        idle(effort, answer);
        external(answer);
      }
    } catch (IOException e) {
      answer.failed("how a session behaves", e);
    }
  }

  private static void idle(Effort effort, Answer answer) throws IOException, InterruptedException {
    Table table = answer.add(new Table("Open and idle (MiniLM)", Column.lower(IDLE, "%")));
    String seconds = Integer.toString(effort.pick(1, 4, 10));
    double worst = 0;
    for (String what : new String[] {"idle", "idle-batched"}) {
      Progress.say(what);
      double[] percent = new double[effort.pick(1, 1, 5)];
      for (int i = 0; i < percent.length; i++) {
        percent[i] = LifeProcess.start("-Xmx512m", what, seconds);
      }
      String label = what.equals("idle") ? "a session, after calls" : "a batched one, after calls";
      table.row(label, Side.OURS).set(IDLE, percent);
      worst = Math.max(worst, Arrays.stream(percent).max().orElse(0));
    }
    answer.figure("run.idle", worst);
    answer.note(
        "Idle is the time of the whole process, the JVM's own threads included; the figure is the"
            + " worst that was seen.");
  }

  private static void threads(Effort effort, Answer answer)
      throws IOException, InterruptedException {
    Progress.say("one processor");
    String seconds = Integer.toString(effort.pick(1, 3, 10));
    double threads = LifeProcess.start("-XX:ActiveProcessorCount=1", "threads", seconds);
    answer
        .add(new Table("One processor is given (MiniLM)", Column.lower(THREADS, "threads")))
        .row("default options, -XX:ActiveProcessorCount=1", Side.OURS)
        .set(THREADS, threads);
    answer.figure("run.quota.threads", threads);
    answer.note(
        "Threads that work are those of the process, native ones included, that had at least 5 %"
            + " of its processor time while one caller called without pause.");
  }

  private static void external(Answer answer) throws IOException, InterruptedException {
    Progress.say("2.5 GB of external data");
    Path folder = SmallModels.folder().resolve("big");
    double peak;
    try {
      Path file = BigModel.write(folder);
      peak = LifeProcess.start("-Xmx" + HEAP_MB + "m", "external", file.toString());
    } finally {
      BigModel.delete(folder);
    }
    answer
        .add(
            new Table(
                "A model with 2.5 GiB of weights in a second file",
                Column.lower(HEAP, "MB"),
                Column.lower(PEAK, "MB")))
        .row("opened and run, the answer checked", Side.OURS)
        .set(HEAP, HEAP_MB)
        .set(PEAK, peak);
    answer.figure("memory.external.heap", HEAP_MB);
  }
}
