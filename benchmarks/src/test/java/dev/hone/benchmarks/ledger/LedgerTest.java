package dev.hone.benchmarks.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.hone.benchmarks.measure.Estimate;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LedgerTest {
  @Test
  void everyFigureOfTheListHasAnEntryAndAnArea() {
    assertThat(new Ledger().entries()).hasSameSizeAs(Figures.all()).hasSizeGreaterThan(100);
    assertThat(Figures.all())
        .allSatisfy(figure -> assertThat(Figures.areas()).containsKey(figure.area()));
  }

  @Test
  void whatWasNotMeasuredHasNoValueInTheFile(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("ledger.json");
    Ledger ledger = new Ledger();
    ledger.record("run.inplace.heap", Estimate.exact(0), "2026-11-24", "here", "this");
    ledger.write(file);
    assertThat(Files.readString(file))
        .contains("\"id\": \"run.inplace.heap\",\n    \"value\": 0.0,\n    \"unit\": \"B\"")
        .contains("\"id\": \"run.idle\",\n    \"unit\": \"%\",\n    \"target\": \"<= 1\"\n");
  }

  @Test
  void aRunChangesWhatItMeasuredAndNothingElse(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("ledger.json");
    Ledger first = new Ledger();
    first.record(
        "run.inplace.against-bare", new Estimate(1.3, 1.2, 1.4), "2026-01-01", "there", "that");
    first.write(file);
    Ledger second = Ledger.read(file);
    second.record("run.idle", Estimate.exact(0.25), "2026-11-24", "here", "this");
    assertThat(second.measured("run"))
        .extracting(Entry::id, Entry::value, Entry::met, Entry::machine, Entry::date, Entry::run)
        .containsExactly(
            tuple("run.inplace.against-bare", 1.3, false, "there", "2026-01-01", "that"),
            tuple("run.idle", 0.25, true, "here", "2026-11-24", "this"));
  }

  @Test
  void aTargetMissedByLessThanIsWrittenIsMissed(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("ledger.json");
    Ledger ledger = new Ledger();
    ledger.record(
        "run.inplace.against-bare", Estimate.exact(1.25004), "2026-11-24", "here", "this");
    ledger.write(file);
    assertThat(Ledger.read(file).get("run.inplace.against-bare"))
        .extracting(Entry::value, Entry::met)
        .containsExactly(1.25, false);
  }

  @Test
  void theKeptLedgerIsThatOfTheList(@TempDir Path folder) throws Exception {
    Path kept = Path.of("results/ledger.json");
    Path again = folder.resolve("ledger.json");
    Ledger.read(kept).write(again);
    assertThat(again).hasSameTextualContentAs(kept);
  }

  @Test
  void aFigureThatTheListDoesNotHaveIsRefused() {
    assertThatThrownBy(() -> new Ledger().record("run.x", Estimate.exact(1), "d", "m", "r"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("There is no figure 'run.x'; a benchmark reports only what the list has.");
  }
}
