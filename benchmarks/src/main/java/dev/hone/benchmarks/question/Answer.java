package dev.hone.benchmarks.question;

import dev.hone.benchmarks.measure.Failure;
import dev.hone.benchmarks.measure.Samples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a question's processes found: figures for the ledger, tables and curves for the report,
 * remarks, and what is missing and why. One thread fills it.
 */
public final class Answer {
  private final String question;
  private final String words;
  private final Map<String, Values> figures = new LinkedHashMap<>();
  private final List<Table> tables = new ArrayList<>();
  private final List<Curves> curves = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<String> missing = new ArrayList<>();

  /** An empty answer. */
  public Answer(Question question) {
    this.question = question.id();
    this.words = question.words();
  }

  /** The id of the question. */
  public String question() {
    return question;
  }

  /** The question in words. */
  public String words() {
    return words;
  }

  /**
   * Records a figure of the ledger, round by round; one value if it was counted, not timed. What is
   * no number is told as missing: it would neither meet a target nor miss it.
   */
  public void figure(String id, double... rounds) {
    if (Arrays.stream(rounds).allMatch(Double::isFinite)) {
      figures.put(id, Values.of(rounds));
    } else {
      missing("the figure " + id, "what was measured is no number: " + Arrays.toString(rounds));
    }
  }

  /** Records, as a figure of the ledger, how many times as fast as {@code base} a rival is. */
  public void speed(String id, Samples samples, String rival, String base) {
    if (samples.has(rival, base)) {
      figure(id, samples.speedAgainst(rival, base));
    }
  }

  /** Records, as a figure of the ledger, the time of a rival as a multiple of another's. */
  public void time(String id, Samples samples, String rival, String base) {
    if (samples.has(rival, base)) {
      figure(id, samples.timeAgainst(rival, base));
    }
  }

  /** Adds a table. */
  public Table add(Table table) {
    tables.add(table);
    return table;
  }

  /** Adds a picture of curves. */
  public void add(Curves picture) {
    curves.add(picture);
  }

  /** Tells the reader something that the numbers do not. */
  public void note(String sentence) {
    addOnce(notes, sentence);
  }

  /** Tells the reader what could not be measured, and why. */
  public void missing(String what, String why) {
    addOnce(missing, what + ": " + why);
  }

  /** Tells the reader what failed, and the log of this process all about it. */
  public void failed(String what, Throwable failure) {
    failure.printStackTrace();
    missing(what, Failure.words(failure));
  }

  private static void addOnce(List<String> lines, String line) {
    if (!lines.contains(line)) {
      lines.add(line);
    }
  }

  /** Adds what another process found. */
  public void add(Answer other) {
    other.figures.forEach((id, values) -> figures.merge(id, values, Values::and));
    for (Table theirs : other.tables) {
      tables.stream()
          .filter(table -> table.title().equals(theirs.title()))
          .findFirst()
          .ifPresentOrElse(table -> table.add(theirs), () -> tables.add(theirs));
    }
    for (Curves theirs : other.curves) {
      if (curves.stream().noneMatch(picture -> picture.title().equals(theirs.title()))) {
        curves.add(theirs);
      }
    }
    other.notes.forEach(this::note);
    other.missing.forEach(line -> addOnce(missing, line));
  }

  /** Figures by id. */
  public Map<String, Values> figures() {
    return figures;
  }

  /** Tables, in order. */
  public List<Table> tables() {
    return tables;
  }

  /** Pictures of curves, in order. */
  public List<Curves> curves() {
    return curves;
  }

  /** Remarks, in order. */
  public List<String> notes() {
    return notes;
  }

  /** What is missing and why. */
  public List<String> missing() {
    return missing;
  }
}
