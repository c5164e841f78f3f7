package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.benchmarks.call.CallCost;
import dev.hone.benchmarks.ledger.Entry;
import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Effort;
import dev.hone.benchmarks.measure.Machine;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Json;
import dev.hone.benchmarks.report.RunRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultsTest {
  private static RunRecord run(String date, String suite, Map<String, Double> figures) {
    Answer answer = new Answer(new CallCost());
    figures.forEach(answer::figure);
    Machine machine = Machine.here(Map.of());
    return new RunRecord(date, suite, 1, machine, 0, 0, List.of(answer), answer.missing());
  }

  @Test
  void aKeptRunChangesWhatItMeasuredAndLeavesTheRestToTheRunThatDid(@TempDir Path folder)
      throws Exception {
    Path module = folder.resolve("benchmarks");
    Path readme = folder.resolve("README.md");
    Files.writeString(readme, "<!-- figures: run -->\n<!-- /figures -->\n");
    Results results = new Results(module);
    results.publish(
        run("2026-11-20 08:00", "full", Map.of("run.idle", 0.5, "run.inplace.heap", 8.0)), true);
    results.publish(run("2026-11-20 21:00", "short", Map.of("run.inplace.heap", 0.0)), true);
    assertThat(Ledger.read(module.resolve("results/ledger.json")).measured("run"))
        .extracting(Entry::id, Entry::value, Entry::met, Entry::run)
        .containsExactly(
            tuple("run.inplace.heap", 0.0, true, "2026-11-20-21-00-short"),
            tuple("run.idle", 0.5, true, "2026-11-20-08-00-full"));
    assertThat(readme)
        .content()
        .contains("| met | 2026-11-20-21-00-short |", "| met | 2026-11-20-08-00-full |");
    assertThat(module.resolve("target/report/report.md"))
        .content()
        .contains("What earlier runs found. Measured by the run 2026-11-20-08-00-full on ");
  }

  @Test
  void aRunThatIsNotKeptChangesNoLedger(@TempDir Path folder) throws Exception {
    Results results = new Results(folder.resolve("benchmarks"));
    results.publish(run("2026-11-20 08:00", "short", Map.of("run.idle", 0.5)), false);
    assertThat(folder.resolve("benchmarks/results")).doesNotExist();
    assertThat(folder.resolve("benchmarks/target/report/index.html")).exists();
  }

  @Test
  void runsThatMeasureTooBrieflyAreNotKept() {
    for (Effort suite : List.of(Effort.SMOKE, Effort.GUARD)) {
      assertThatThrownBy(() -> Bench.keepOnly(suite, true))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "The suite '"
                  + suite
                  + "' measures too briefly for the ledger. -Dbench.keep=true goes with"
                  + " -Dbench.suite=short or full.");
      assertThatCode(() -> Bench.keepOnly(suite, false)).doesNotThrowAnyException();
    }
    assertThatCode(() -> Bench.keepOnly(Effort.SHORT, true)).doesNotThrowAnyException();
  }

  @Test
  void whatIsNoNumberIsMissingAndDoesNotCostTheReport(@TempDir Path folder) throws Exception {
    Results results = new Results(folder);
    RunRecord run = run("2026-11-20 08:00", "short", Map.of("run.idle", Double.NaN));
    assertThat(run.figures()).isEmpty();
    assertThat(run.missing())
        .containsExactly("the figure run.idle: what was measured is no number: [NaN]");
    results.publish(run, false);
    assertThat(folder.resolve("target/report/report.md")).content().contains("no number: [NaN]");
  }

  /** A hand, or a run that was not kept, would show here. */
  @Test
  void everyFigureOfTheKeptLedgerIsThatOfTheRunItNames() throws Exception {
    Map<String, RunRecord> runs = new HashMap<>();
    for (Entry entry : Ledger.read(Path.of("results/ledger.json")).entries()) {
      if (entry.value() != null) {
        String name = entry.source();
        if (!runs.containsKey(name)) {
          Path file = Path.of("results/runs", name + ".json");
          runs.put(name, Json.read(file, RunRecord.class));
        }
        RunRecord run = runs.get(name);
        Ledger ledger = new Ledger();
        ledger.record(
            entry.id(),
            Optional.ofNullable(run.figures().get(entry.id())).orElseThrow(),
            run.date().substring(0, 10),
            run.machine().inOneLine(),
            run.name());
        assertThat(ledger.get(entry.id())).isEqualTo(entry);
      }
    }
  }
}
