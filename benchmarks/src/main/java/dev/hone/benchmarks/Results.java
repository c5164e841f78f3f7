package dev.hone.benchmarks;

import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.question.Json;
import dev.hone.benchmarks.report.ReadmeTables;
import dev.hone.benchmarks.report.Report;
import dev.hone.benchmarks.report.RunRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where things lie: what a run leaves under {@code target}, and what is kept of it. */
final class Results {
  private final Path module;

  /** Of the module in this folder. */
  Results(Path module) {
    this.module = module.toAbsolutePath().normalize();
  }

  /** For answers and logs of the processes, and models that they share. */
  Path work() {
    return module.resolve("target/bench");
  }

  /** Throws the files of earlier runs away, models above all: they shall be made anew. */
  void clear() throws IOException {
    if (Files.isDirectory(work())) {
      try (Stream<Path> files = Files.walk(work())) {
        for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(file);
        }
      }
    }
  }

  private Path ledger() {
    return module.resolve("results/ledger.json");
  }

  private Path runs() {
    return module.resolve("results/runs");
  }

  /**
   * Writes the report; and, if the run is to be kept, the ledger and the README's tables. What of
   * earlier runs cannot be read is told in the report, and costs nothing else of it.
   *
   * @throws IOException if the report could not be written, or the run not be kept
   */
  void publish(RunRecord run, boolean keep) throws IOException {
    List<String> unreadable = new ArrayList<>();
    Optional<RunRecord> earlier = earlier(run, unreadable);
    Ledger kept = ledger(unreadable);
    report(run.missingToo(unreadable), earlier, kept);
    if (keep) {
      keep(run);
    }
  }

  private void report(RunRecord run, Optional<RunRecord> earlier, Ledger kept) throws IOException {
    Path report = module.resolve("target/report");
    String markdown = Report.markdown(run, earlier, kept);
    try {
      Ledger measured = new Ledger();
      run.enterInto(measured);
      measured.write(report.resolve("ledger.json"));
      Json.write(report.resolve("report.json"), run);
      Json.write(report.resolve("report.md"), markdown);
      Json.write(report.resolve("index.html"), Report.html(run, earlier, kept));
    } catch (IOException e) {
      System.out.println(markdown); // an hour's work shall not be lost to a full disk
      throw e;
    }
    run.missing().forEach(line -> System.out.println("[bench] missing: " + line));
    System.out.println("[bench] " + run.verdict());
    System.out.println("[bench] The report: " + report.resolve("index.html").toUri());
  }

  /** The kept ledger; an empty one, and the reason, if it cannot be read. */
  private Ledger ledger(List<String> unreadable) {
    try {
      return Ledger.read(ledger());
    } catch (IOException e) {
      unreadable.add("what earlier runs found: " + e.getMessage());
      return new Ledger();
    }
  }

  /** Enters a run; a ledger that cannot be read stays as it is, for its figures are in it. */
  private void keep(RunRecord run) throws IOException {
    Json.write(runs().resolve(run.name() + ".json"), run);
    Ledger ledger = Ledger.read(ledger());
    run.enterInto(ledger);
    ledger.write(ledger());
    Path readme = module.resolveSibling("README.md");
    if (Files.exists(readme)) {
      Json.write(readme, ReadmeTables.renew(Files.readString(readme), ledger));
    }
  }

  /**
   * The kept run to compare with: of those of the same suite on this machine the one that shares
   * the most figures, and of several the newest.
   */
  private Optional<RunRecord> earlier(RunRecord run, List<String> unreadable) throws IOException {
    if (!Files.isDirectory(runs())) {
      return Optional.empty();
    }
    List<Path> files;
    try (Stream<Path> found = Files.list(runs())) {
      files = found.sorted().toList();
    }
    Optional<RunRecord> best = Optional.empty();
    int most = 1;
    for (Path file : files) { // the newest last
      try {
        RunRecord other = Json.read(file, RunRecord.class);
        int shared = other.isComparableWith(run) ? run.sharedWith(other, false).size() : 0;
        if (shared >= most) {
          best = Optional.of(other);
          most = shared;
        }
      } catch (IOException | RuntimeException e) { // it lacks a part, say
        unreadable.add("an earlier run to compare with: " + e.getMessage());
      }
    }
    return best;
  }
}
