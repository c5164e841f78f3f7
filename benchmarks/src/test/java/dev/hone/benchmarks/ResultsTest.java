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
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
  void aRunIsComparedWithTheNewestOfItsSuiteThatSharesMostFigures(@TempDir Path folder)
      throws Exception {
    Results results = new Results(folder);
    Map<String, Double> both = Map.of("run.idle", 0.5, "run.inplace.heap", 0.0);
    results.publish(run("2026-11-20 08:00", "short", both), true);
    results.publish(run("2026-11-21 08:00", "short", both), true);
    results.publish(
        run("2026-11-22 08:00", "short", Map.of("run.idle", 0.5)), true); // one question
    results.publish(run("2026-11-23 08:00", "full", both), true);
    results.publish(run("2026-11-24 08:00", "short", both), false);
    assertThat(folder.resolve("target/report/report.md"))
        .content()
        .contains("Against the run of 2026-11-21 08:00 on this machine");
    results.publish(run("2026-11-24 09:00", "guard", both), false);
    assertThat(folder.resolve("target/report/report.md"))
        .content()
        .doesNotContain("Against the run");
  }

  @Test
  void twoRunsThatBeginInOneMinuteAreBothKept(@TempDir Path folder) throws Exception {
    Results results = new Results(folder);
    LocalDateTime begin = LocalDateTime.of(2026, 11, 20, 8, 0, 5);
    for (LocalDateTime time : List.of(begin, begin.plusSeconds(20))) {
      results.publish(run(RunRecord.date(time), "short", Map.of("run.idle", 0.5)), true);
    }
    assertThat(folder.resolve("results/runs"))
        .isDirectoryContaining("glob:**/2026-11-20-08-00-05-short.json")
        .isDirectoryContaining("glob:**/2026-11-20-08-00-25-short.json");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[{\"id\": 3, \"value\": \"much\"}]", "[null, 1]"})
  void aDamagedLedgerDoesNotCostTheReportAndIsLeftAsItIs(String damaged, @TempDir Path folder)
      throws Exception {
    Path ledger = folder.resolve("results/ledger.json");
    Json.write(ledger, damaged);
    RunRecord run = run("2026-11-20 08:00", "short", Map.of("run.idle", 0.5));
    assertThatThrownBy(() -> new Results(folder).publish(run, true))
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("The file " + ledger + " is ");
    assertThat(folder.resolve("target/report/report.md"))
        .content()
        .contains("0.5\u00a0%", "* what earlier runs found: The file " + ledger + " is ");
    assertThat(ledger).content().isEqualTo(damaged);
    assertThat(folder.resolve("results/runs/2026-11-20-08-00-short.json")).exists();
  }

  @ParameterizedTest
  @ValueSource(strings = {"\u00ff", "{}", "{\"answers\": [], \"missing\": []}"})
  void aDamagedEarlierRunIsNamedAndNotComparedWith(String content, @TempDir Path folder)
      throws Exception {
    Path damaged = folder.resolve("results/runs/2026-11-21-08-00-short.json");
    Files.createDirectories(damaged.getParent());
    Files.write(damaged, content.getBytes(StandardCharsets.ISO_8859_1));
    Results results = new Results(folder);
    results.publish(run("2026-11-20 08:00", "short", Map.of("run.idle", 0.5)), true);
    results.publish(run("2026-11-22 08:00", "short", Map.of("run.idle", 0.5)), false);
    assertThat(folder.resolve("target/report/report.md"))
        .content()
        .contains("* an earlier run to compare with: The file " + damaged + " is not what it")
        .contains("Against the run of 2026-11-20 08:00 on this machine");
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
