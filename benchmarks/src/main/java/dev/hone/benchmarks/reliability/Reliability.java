package dev.hone.benchmarks.reliability;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Progress;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.AskedOnce;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.onnx.conformance.Conformance;
import dev.hone.onnx.fuzz.Fuzzing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;

/** The operator cases of the ONNX project, and damaged models. */
public final class Reliability implements AskedOnce {
  private static final String COUNT = "of";
  private static final String RIGHT = "right";
  private static final String ENDED = "ended, hung or broke the process";

  @Override
  public String id() {
    return "reliability";
  }

  @Override
  public String words() {
    return "Are answers right, and can a damaged model end the process?";
  }

  @Override
  public int seconds(Effort effort) {
    return effort.pick(10, 11, 600);
  }

  @Override
  public void ask(Effort effort, Answer answer)
      throws IOException, InterruptedException, ExecutionException {
    fuzz(effort, answer);
    if (effort != Effort.SMOKE) { // its own test does
      conformance(answer);
    }
  }

  private static void conformance(Answer answer) throws IOException {
    Progress.say("operator cases");
    Path folder = Conformance.folder();
    if (!Files.isDirectory(folder)) {
      answer.missing(
          "the operator cases of the ONNX project",
          "there is no " + folder + "; install Debian's libonnx-testdata.");
      return;
    }
    Conformance cases = Conformance.of(folder);
    answer
        .add(
            new Table(
                "The operator cases of the ONNX project, of those that ONNX Runtime opens",
                Column.higher(RIGHT, "%"),
                Column.higher(COUNT, "cases")))
        .row("Hone: Session", Side.OURS)
        .set(RIGHT, cases.percent())
        .set(COUNT, cases.loaded());
    answer.figure("run.conformance", cases.percent());
    answer.note(
        "Of the operator cases, "
            + cases.random()
            + " have random answers, of which types and shapes were compared; "
            + cases.needLocale()
            + " need a locale that this machine does not have, and count as wrong.");
  }

  private static void fuzz(Effort effort, Answer answer)
      throws IOException, InterruptedException, ExecutionException {
    int mutants = effort.pick(20, 1_000, 10_000);
    Progress.say(mutants + " damaged models");
    Path folder = Path.of(System.getProperty("bench.folder", "target/bench"), "fuzz");
    Fuzzing fuzzing = new Fuzzing(folder, null);
    long judged = fuzzing.run(mutants, 1);
    answer
        .add(
            new Table(
                "Damaged models, each loaded, opened and run in a child process",
                Column.lower(ENDED, "models"),
                Column.higher(COUNT, "models")))
        .row("Hone: Model.load, Session.open, run", Side.OURS)
        .set(ENDED, fuzzing.failures().size())
        .set(COUNT, (double) judged);
    answer.figure("run.fuzz.crashes", fuzzing.failures().size());
    fuzzing.failures().forEach(failure -> answer.note("Damaged model, " + failure));
  }
}
