package dev.hone.benchmarks.report;

import dev.hone.benchmarks.ledger.Entry;
import dev.hone.benchmarks.ledger.Figure;
import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Machine;
import dev.hone.benchmarks.question.Answer;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A run and all that it found: what the report shows, and what is kept of it.
 *
 * @param date when it began, in UTC, as {@code 2026-11-24 14:05:30}; to the second, for runs are
 *     called by it, and no two begin in the same one
 * @param suite how long it measured
 * @param minutes how long it took
 * @param machine what it ran on
 * @param stolenPercent processor time that the hypervisor gave to other machines meanwhile
 * @param loadBefore programs that ran when it began
 * @param answers what the questions' processes found
 * @param missing what could not be measured, and why
 */
public record RunRecord(
    String date,
    String suite,
    double minutes,
    Machine machine,
    double stolenPercent,
    double loadBefore,
    List<Answer> answers,
    List<String> missing) {
  private static final int DAY = 10;
  private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

  /** Copies the lists; a file that lacks a part is refused here. */
  public RunRecord {
    answers = List.copyOf(answers);
    missing = List.copyOf(missing);
    Objects.requireNonNull(date);
    Objects.requireNonNull(suite);
    Objects.requireNonNull(machine);
  }

  /** A time as {@link #date} has it. */
  public static String date(LocalDateTime begin) {
    return DATE.format(begin);
  }

  /** What it is called: the name of its file, where it is kept. */
  public String name() {
    return date.replaceAll("[: ]", "-") + "-" + suite;
  }

  /** The figures of all answers. */
  public Map<String, Estimate> figures() {
    Map<String, Estimate> figures = new LinkedHashMap<>();
    answers.forEach(
        answer -> answer.figures().forEach((id, values) -> figures.put(id, values.estimate())));
    return figures;
  }

  /** Enters the figures into a ledger. */
  public void enterInto(Ledger ledger) {
    String day = date.substring(0, DAY);
    figures().forEach((id, value) -> ledger.record(id, value, day, machine.inOneLine(), name()));
  }

  /** The run in one sentence: how many targets were met. */
  public String verdict() {
    Ledger ledger = new Ledger();
    enterInto(ledger);
    int met = 0;
    int all = 0;
    int open = 0;
    for (Entry entry : ledger.entries()) {
      open += entry.value() == null ? 1 : 0;
      all += entry.met() == null ? 0 : 1;
      met += Boolean.TRUE.equals(entry.met()) ? 1 : 0;
    }
    return met + " of " + all + " targets met; " + open + " figures were not measured in this run.";
  }

  /** Figures that miss their target by more than this share of it, beyond doubt; for a guard. */
  public List<String> farFromTarget(double share) {
    List<String> far = new ArrayList<>();
    figures()
        .forEach(
            (id, estimate) -> {
              Figure figure = Figures.get(id);
              if (figure.goal().isPresent() && figure.goal().get().isFarFrom(estimate, share)) {
                far.add(
                    figure.words()
                        + ": "
                        + Numbers.of(estimate.value(), figure.unit())
                        + ", target "
                        + figure.goal().get());
              }
            });
    return far;
  }

  /** The same, with these things missing too. */
  public RunRecord missingToo(List<String> lines) {
    List<String> all = new ArrayList<>(missing);
    all.addAll(lines);
    return new RunRecord(date, suite, minutes, machine, stolenPercent, loadBefore, answers, all);
  }

  /** Whether the other run measured as long, on the same machine. */
  public boolean isComparableWith(RunRecord other) {
    return suite.equals(other.suite) && machine.inOneLine().equals(other.machine.inOneLine());
  }

  /** The figures that both runs measured; ratios alone, if wanted. */
  public List<String> sharedWith(RunRecord earlier, boolean ratiosAlone) {
    Map<String, Estimate> theirs = earlier.figures();
    return figures().keySet().stream()
        .filter(theirs::containsKey)
        .filter(id -> !ratiosAlone || Figures.get(id).unit().equals("x"))
        .toList();
  }

  /** How many of these figures agree in both runs. */
  public long agreeing(RunRecord earlier, List<String> ids) {
    Map<String, Estimate> mine = figures();
    Map<String, Estimate> theirs = earlier.figures();
    return ids.stream().filter(id -> agree(mine.get(id), theirs.get(id))).count();
  }

  /** Intervals that meet; and values without one, where a reader sees no difference. */
  private static boolean agree(@Nullable Estimate one, @Nullable Estimate other) {
    if (one == null || other == null) {
      return false;
    }
    boolean points = one.low() == one.high() && other.low() == other.high();
    return one.agreesWith(other)
        || (points && Numbers.of(one.value()).equals(Numbers.of(other.value())));
  }

  /** The figures of both runs whose intervals do not meet, with both values. */
  public List<String> apartFrom(RunRecord earlier) {
    Map<String, Estimate> theirs = earlier.figures();
    List<String> apart = new ArrayList<>();
    figures()
        .forEach(
            (id, mine) -> {
              Estimate other = theirs.get(id);
              if (other != null && !agree(mine, other)) {
                String then = Numbers.of(other.value());
                apart.add(
                    Figures.get(id).words() + ": " + then + ", now " + Numbers.of(mine.value()));
              }
            });
    return apart;
  }

  /** The machine, by names for people. */
  Map<String, String> facts() {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("Processor", machine.processor());
    facts.put("Features", String.join(", ", machine.features()));
    facts.put("Cores", machine.cores() + (machine.virtual() ? " (virtual machine)" : ""));
    facts.put("Memory", machine.memoryGib() + " GiB");
    facts.put("System", machine.system());
    facts.put("Java", machine.java());
    facts.put("Stolen time", Numbers.of(stolenPercent, "%") + " went to other machines");
    facts.put("Load before", Numbers.of(loadBefore) + " programs");
    facts.putAll(machine.versions());
    return facts;
  }
}
