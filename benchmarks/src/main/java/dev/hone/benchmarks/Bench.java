package dev.hone.benchmarks;

import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Machine;
import dev.hone.benchmarks.measure.Ticks;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Question;
import dev.hone.benchmarks.report.RunRecord;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs the suite and writes the report; what {@code mvn verify -Pbench} starts.
 *
 * <p>System properties: {@code bench.suite} is guard (three ratios, a minute), short (default) or
 * full; {@code bench.only} names questions, separated by commas; {@code bench.keep=true} keeps the
 * run under {@code results}, enters its figures into the ledger there and renews the tables of the
 * README.
 */
public final class Bench {
  /** How far from its target a figure must be, beyond doubt, to fail the guard. */
  private static final double GUARD_MARGIN = 0.55;

  /** How often the guard measures before it says that a claim does not hold: machines are moody. */
  private static final int GUARD_ATTEMPTS = 3;

  private Bench() {}

  /**
   * Runs. The exit code is 1 if there is no report, or if this is the guard and a figure is far
   * from its target or missing.
   */
  public static void main(String[] arguments) throws InterruptedException {
    try {
      Effort effort = Effort.named(System.getProperty("bench.suite", "short"));
      String only = System.getProperty("bench.only", "");
      boolean keep = Boolean.getBoolean("bench.keep");
      keepOnly(effort, keep);
      List<Question> questions = only.isBlank() ? Questions.of(effort) : Questions.named(only);
      Results results = new Results(Path.of(System.getProperty("bench.module", "benchmarks")));
      results.clear();
      Attempt attempt =
          () -> {
            RunRecord run = run(effort, questions, results.work());
            results.publish(run, keep);
            return run;
          };
      if (effort == Effort.GUARD) {
        guard(attempt);
      } else {
        attempt.run();
      }
    } catch (IllegalArgumentException | IOException e) {
      System.err.println("[bench] " + e.getMessage());
      System.exit(1);
    }
  }

  /**
   * Lets only runs into the ledger that measured long enough.
   *
   * @throws IllegalArgumentException if this one will not
   */
  static void keepOnly(Effort effort, boolean keep) {
    if (keep && effort.compareTo(Effort.SHORT) < 0) {
      throw new IllegalArgumentException(
          "The suite '"
              + effort
              + "' measures too briefly for the ledger. -Dbench.keep=true goes with -Dbench.suite="
              + "short or full.");
    }
  }

  /** Asks everything once, and publishes it. */
  interface Attempt {
    RunRecord run() throws IOException, InterruptedException;
  }

  /**
   * Looks whether the claims still hold, all of them in one of {@value #GUARD_ATTEMPTS} attempts.
   *
   * @throws IOException if they do not, or were not measured
   */
  static void guard(Attempt attempt) throws IOException, InterruptedException {
    for (int tries = 1; ; tries++) {
      RunRecord run = attempt.run();
      List<String> broken = new ArrayList<>(run.missing());
      broken.addAll(run.farFromTarget(GUARD_MARGIN));
      if (broken.isEmpty()) {
        System.out.println("[bench] The guard found nothing.");
        return;
      }
      String found = "The guard found claims that do not hold: " + broken;
      if (tries == GUARD_ATTEMPTS) {
        throw new IOException(found);
      }
      System.out.println("[bench] " + found + ". Once more.");
    }
  }

  /** Asks all questions, process by process, so that those of one question are far apart. */
  private static RunRecord run(Effort effort, List<Question> questions, Path work)
      throws InterruptedException {
    LocalDateTime begin = LocalDateTime.now(ZoneOffset.UTC);
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    Ticks ticks = Ticks.now();
    long start = System.nanoTime();
    List<Answer> answers = questions.stream().map(Answer::new).toList();
    Clock clock = new Clock(questions, effort, System::nanoTime);
    int most = questions.stream().mapToInt(question -> question.processes(effort)).max().orElse(0);
    for (int process = 1; process <= most; process++) {
      for (int i = 0; i < questions.size(); i++) {
        Question question = questions.get(i);
        if (process <= question.processes(effort)) {
          clock.begin(question, process);
          new Interview(effort, work, clock::say).ask(question, process, answers.get(i));
          clock.end();
        }
      }
    }
    List<String> missing = new ArrayList<>();
    answers.forEach(answer -> missing.addAll(answer.missing()));
    return new RunRecord(
        RunRecord.date(begin),
        effort.toString(),
        (System.nanoTime() - start) / 60e9,
        Machine.here(Versions.running()),
        Ticks.now().stolenPercentSince(ticks),
        Math.max(0, load),
        answers,
        missing);
  }
}
