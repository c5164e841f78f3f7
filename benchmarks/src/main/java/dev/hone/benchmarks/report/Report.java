package dev.hone.benchmarks.report;

import dev.hone.benchmarks.ledger.Entry;
import dev.hone.benchmarks.ledger.Figure;
import dev.hone.benchmarks.ledger.Figures;
import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.question.Values;
import dev.hone.benchmarks.report.Page.Cell;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A run on one page: what it found, against which targets, measured how and on what. */
public final class Report {
  private static final String METHOD =
      "Rivals take turns, there and back, within each round (in the short suite, where turns are"
          + " long, there in one round and back in the next), so that what changes on the machine"
          + " hits all of them alike. Ratios are taken within a round; shown is the median of all"
          + " rounds of all processes, with its 95 % interval (order statistics, widened to hold"
          + " the median of each process). What was counted, or measured once, is one value and has"
          + " no interval. Outputs are checked after measuring: a rival with wrong"
          + " ones is left out and named. All rivals run on the same native ONNX Runtime, so that"
          + " only what is around it differs.";

  private final RunRecord run;
  private final Ledger kept;
  private final Ledger ledger = new Ledger();
  private final List<Page.Section> sections = new ArrayList<>();

  private Report(RunRecord run, Ledger kept) {
    this.run = run;
    this.kept = kept;
    run.enterInto(ledger);
  }

  /**
   * The page as HTML.
   *
   * @param earlier the run that this one is compared with
   * @param kept what earlier runs measured: told, as theirs, where this one did not
   */
  public static String html(RunRecord run, Optional<RunRecord> earlier, Ledger kept) {
    return Html.of(new Report(run, kept).page(earlier));
  }

  /** The same page as Markdown. */
  public static String markdown(RunRecord run, Optional<RunRecord> earlier, Ledger kept) {
    return Markdown.of(new Report(run, kept).page(earlier));
  }

  private Page page(Optional<RunRecord> earlier) {
    head();
    if (!run.missing().isEmpty()) {
      section("What is missing in this run", List.of(new Page.Bullets("", run.missing())));
    }
    List<String> names = Names.used(run);
    if (!names.isEmpty()) {
      section("", List.of(new Page.Bullets("What the names stand for", names)));
    }
    targets();
    run.answers().forEach(this::answer);
    earlier.ifPresent(this::agreement);
    machine();
    unmeasured();
    return new Page("Hone, measured", sections);
  }

  private void section(String title, List<Page.Block> blocks) {
    if (!blocks.isEmpty()) {
      sections.add(new Page.Section(title, blocks));
    }
  }

  private void head() {
    String where =
        String.join(
            " · ",
            run.date() + " UTC",
            run.machine().inOneLine(),
            "suite “" + run.suite() + "”, " + Numbers.of(run.minutes(), "min"));
    section(
        "",
        List.of(
            new Page.Text("soft", where),
            new Page.Text("verdict", run.verdict()),
            new Page.Text("", METHOD)));
  }

  private void targets() {
    List<Page.Block> blocks = new ArrayList<>();
    Figures.areas()
        .forEach(
            (area, words) -> {
              Page.Grid grid = figures(ledger.measured(area));
              if (!grid.rows().isEmpty()) {
                blocks.add(new Page.Heading(words));
                blocks.add(grid);
              }
            });
    section("Figures and their targets", blocks);
  }

  /** Where these entries come from, in a sentence. */
  static String sources(List<Entry> entries) {
    return entries.stream()
        .map(entry -> entry.source() + " on " + entry.machine())
        .distinct()
        .collect(Collectors.joining("; ", "Measured by the run ", "."));
  }

  /** Entries of the ledger as a table; with the run of each, where they are not all of the same. */
  static Page.Grid figures(List<Entry> entries) {
    return figures(entries, entries.stream().map(Entry::source).distinct().count() > 1);
  }

  private static Page.Grid figures(List<Entry> entries, boolean tellsRun) {
    List<Page.Row> rows = new ArrayList<>();
    for (Entry entry : entries) {
      Figure figure = Figures.get(entry.id());
      Estimate estimate = entry.estimate().orElseThrow();
      String met = met(figure, entry, estimate);
      List<String> cells =
          new ArrayList<>(
              List.of(
                  figure.words(),
                  Numbers.of(estimate.value(), figure.unit()),
                  interval(estimate),
                  figure.goal().map(goal -> goal.words(Numbers.of(goal.bound()))).orElse(""),
                  met));
      if (tellsRun) {
        cells.add(entry.source());
      }
      String style = met.startsWith("met") ? "met" : met.isEmpty() ? "" : "missed";
      rows.add(new Page.Row(style, cells.stream().map(text -> new Cell(text, "")).toList()));
    }
    List<String> header =
        new ArrayList<>(List.of("figure", "measured", "95 % interval", "target", "met?"));
    if (tellsRun) {
      header.add("run");
    }
    return new Page.Grid(header, rows);
  }

  /** Whether a figure meets its target; says so where the interval leaves it open. */
  private static String met(Figure figure, Entry entry, Estimate estimate) {
    if (figure.goal().isEmpty() || entry.met() == null) {
      return "";
    }
    boolean open =
        figure.goal().get().isMetBy(estimate.low()) != figure.goal().get().isMetBy(estimate.high());
    return (entry.met() ? "met" : "not met") + (open ? ", barely" : "");
  }

  private static String interval(Estimate estimate) {
    return estimate.low() == estimate.high() ? "one value" : interval(estimate, 0);
  }

  private static String interval(Estimate estimate, int digits) {
    return Numbers.of(estimate.low(), digits) + " – " + Numbers.of(estimate.high(), digits);
  }

  private void answer(Answer answer) {
    List<Page.Block> blocks = new ArrayList<>();
    for (Table table : answer.tables()) {
      for (Column column : table.columns()) {
        if (column.drawn()) {
          picture(blocks, BarChart.of(table, column));
        }
      }
      table.scatter().ifPresent(scatter -> picture(blocks, ScatterChart.of(table, scatter)));
      blocks.add(new Page.Heading(table.title()));
      blocks.add(results(table));
    }
    answer.curves().forEach(curves -> picture(blocks, CurveChart.of(curves)));
    answer.notes().forEach(note -> blocks.add(new Page.Text("soft", note)));
    section(answer.words(), blocks);
  }

  private static void picture(List<Page.Block> blocks, String svg) {
    if (!svg.isEmpty()) {
      blocks.add(new Page.Picture(svg));
    }
  }

  /** What was measured of each, the numbers of a column with as many digits. */
  static Page.Grid results(Table table) {
    List<String> header = new ArrayList<>(List.of("who"));
    Map<String, Integer> digits = new LinkedHashMap<>();
    for (Column column : table.columns()) {
      header.add(Numbers.axis(column.name(), column.unit()));
      digits.put(column.name(), Numbers.digits(table.estimates(column)));
    }
    List<Page.Row> rows = new ArrayList<>();
    for (Table.Row row : table.rows()) {
      List<Cell> cells = new ArrayList<>(List.of(new Cell(row.label(), "")));
      digits.forEach((column, count) -> cells.add(cell(row.cells().get(column), count)));
      rows.add(new Page.Row(row.side() == Side.OURS ? "ours" : "", cells));
    }
    return new Page.Grid(header, rows);
  }

  private static Cell cell(@Nullable Values values, int digits) {
    if (values == null) {
      return new Cell("–", "");
    }
    Estimate estimate = values.estimate();
    boolean exact = estimate.low() == estimate.high();
    return new Cell(Numbers.of(estimate.value(), digits), exact ? "" : interval(estimate, digits));
  }

  private void agreement(RunRecord earlier) {
    List<String> apart = run.apartFrom(earlier);
    List<String> ratios = run.sharedWith(earlier, true);
    List<String> all = run.sharedWith(earlier, false);
    String words =
        "Against the run of "
            + earlier.date()
            + " on this machine, "
            + run.agreeing(earlier, ratios)
            + " of "
            + ratios.size()
            + " ratios agree within their 95 % intervals, and "
            + run.agreeing(earlier, all)
            + " of all "
            + all.size()
            + " figures"
            + (apart.isEmpty() ? "." : "; these do not:");
    section("Do two runs agree?", List.of(new Page.Text("", words), new Page.Bullets("", apart)));
  }

  private void machine() {
    List<String> facts = new ArrayList<>();
    run.facts().forEach((name, value) -> facts.add(name + ": " + value));
    section("The machine", List.of(new Page.Bullets("", facts)));
  }

  private void unmeasured() {
    List<Entry> older = new ArrayList<>();
    List<String> open = new ArrayList<>();
    for (Figure figure : Figures.all()) {
      if (ledger.get(figure.id()).value() == null) {
        if (kept.get(figure.id()).value() == null) {
          open.add(figure.words() + target(figure));
        } else {
          older.add(kept.get(figure.id()));
        }
      }
    }
    List<Page.Block> blocks = new ArrayList<>();
    if (!older.isEmpty()) {
      blocks.add(new Page.Text("", "What earlier runs found. " + sources(older)));
      blocks.add(figures(older, true));
    }
    if (!open.isEmpty()) {
      blocks.add(new Page.Bullets(open.size() + " figures that no kept run measured yet", open));
    }
    section("Not measured in this run", blocks);
  }

  private static String target(Figure figure) {
    return figure
        .goal()
        .map(goal -> " (target " + goal.words(Numbers.of(goal.bound(), figure.unit())) + ")")
        .orElse("");
  }
}
