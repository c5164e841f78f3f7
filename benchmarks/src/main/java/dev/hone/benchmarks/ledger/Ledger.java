package dev.hone.benchmarks.ledger;

import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.question.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Every figure with what the last run that measured it found. Kept as a file of JSON that only runs
 * write; what they did not measure keeps its older entry.
 */
public final class Ledger {
  private final Map<String, Entry> entries = new LinkedHashMap<>();

  /** A ledger in which nothing has been measured. */
  public Ledger() {
    Figures.all().forEach(figure -> entries.put(figure.id(), Entry.unmeasured(figure)));
  }

  /**
   * The ledger of a file, brought up to date with the list of figures: units and targets are those
   * of the list, figures that left the list are dropped. Empty if there is no file.
   */
  public static Ledger read(Path file) throws IOException {
    Ledger ledger = new Ledger();
    if (Files.exists(file)) {
      for (Entry old : Json.read(file, Entry[].class)) {
        if (old != null // as the file has it
            && ledger.entries.containsKey(old.id())
            && old.date() != null
            && old.machine() != null
            && old.estimate().isPresent()) {
          ledger.entries.put(old.id(), old.renewed(Figures.get(old.id())));
        }
      }
    }
    return ledger;
  }

  /**
   * Enters what a run measured.
   *
   * @param date the day of the run
   * @param machine what it ran on
   * @param run what it is called
   */
  public void record(String id, Estimate estimate, String date, String machine, String run) {
    entries.put(id, Entry.measured(Figures.get(id), estimate, date, machine, run));
  }

  /** The entry of a figure of the list. */
  public Entry get(String id) {
    return Objects.requireNonNull(entries.get(Figures.get(id).id()));
  }

  /** All entries, in the order of the list. */
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  /** The measured entries of one area, in order. */
  public List<Entry> measured(String area) {
    return entries.values().stream()
        .filter(entry -> entry.id().startsWith(area + ".") && entry.value() != null)
        .toList();
  }

  /** Writes the file. */
  public void write(Path file) throws IOException {
    Json.write(file, entries());
  }
}
