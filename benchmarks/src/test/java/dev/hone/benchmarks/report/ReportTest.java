package dev.hone.benchmarks.report;

import static java.lang.Double.parseDouble;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.hone.benchmarks.call.CallCost;
import dev.hone.benchmarks.ledger.Ledger;
import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.measure.Machine;
import dev.hone.benchmarks.question.Answer;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Curves;
import dev.hone.benchmarks.question.Json;
import dev.hone.benchmarks.question.Table;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.xml.sax.InputSource;

class ReportTest {
  private static RunRecord run(double... ratios) {
    Answer answer = new Answer(new CallCost());
    answer.figure("run.inplace.against-bare", ratios);
    Table table =
        answer
            .add(
                new Table(
                    "Models & speed",
                    Column.higher("speed", "x").asBars(),
                    Column.higher("cosine", "")))
            .drawnAs("Speed against fidelity", "speed", "cosine");
    table.row("ours <new>", Side.OURS).set("speed", ratios).set("cosine", 0.998);
    table.row("theirs", Side.THEIRS).set("speed", 1).set("cosine", 1);
    answer.add(
        new Curves(
            "Waiting",
            "requests per second (1/s)",
            "99th percentile (ms)",
            List.of(
                new Curves.Curve(
                    "ours",
                    Side.OURS,
                    List.of(new Curves.Point(100, 2), new Curves.Point(200, 9))))));
    answer.note("A remark.");
    return new RunRecord(
        "2026-11-24 12:00",
        "short",
        3,
        Machine.here(Map.of("JMH", "1.37")),
        0.5,
        1.25,
        List.of(answer),
        List.of("a rival: would not load"));
  }

  @Test
  void thePageIsWellFormedAndNeedsNothingElse() throws Exception {
    String html = Report.html(run(1.1, 1.2, 1.3), Optional.of(run(1.5, 1.6, 1.7)), new Ledger());
    String xml = html.replaceFirst("<!doctype html>", "").replaceAll("<meta[^>]*>", "");
    DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(xml)));
    assertThat(html).doesNotContain("http:").doesNotContain("https:").doesNotContain("<script");
    assertThat(html).contains("<svg", "speed (×)", "99th percentile (ms)", "ours &lt;new&gt;");
    assertThat(html)
        .contains(
            "0 of 1 ratios agree", "0 of all 1 figures", "would not load", "prefers-color-scheme");
  }

  @Test
  void theNumbersOfAColumnHaveAsManyDigits() {
    Column speed = Column.higher("speed", "x").asBars();
    Table table = new Table("Speed", speed, Column.higher("cosine", ""), Column.higher("runs", ""));
    table.row("a", Side.OURS).set("speed", 2.1).set("cosine", 0.998).set("runs", 3);
    table.row("b", Side.OURS).set("speed", 12).set("cosine", 1).set("runs", 40);
    table.row("c", Side.THEIRS).set("speed", 2.13).set("cosine", 0.85).set("runs", 1500);
    table.row("d", Side.THEIRS).set("speed", 0).set("cosine", 0.99876).set("runs", 0);
    assertThat(
            Report.results(table).rows().stream()
                .map(row -> row.cells().stream().skip(1).map(Page.Cell::text).toList()))
        .containsExactly(
            List.of("2.10", "0.99800", "3"),
            List.of("12.0", "1.0000", "40"),
            List.of("2.13", "0.85000", "1\u202f500"),
            List.of("0", "0.99876", "0"));
    assertThat(BarChart.of(table, speed)).contains(">2.10×<", ">12.0×<", ">2.13×<");
  }

  @Test
  void theEndsOfAnIntervalHaveTheDigitsOfTheirColumn() {
    Table table = new Table("Speed", Column.higher("speed", "x"));
    table.row("a", Side.OURS).set("speed", 2, 2, 2, 2, 2, 2, 2, 2.5, 2.5, 2.5);
    Page.Cell cell = Report.results(table).rows().get(0).cells().get(1);
    assertThat(cell.text()).isEqualTo("2.00");
    assertThat(cell.small()).isEqualTo("2.00 – 2.50");
  }

  @Test
  void aBarBelowZeroGoesToTheLeftOfZero() {
    Column column = Column.lower("time", "us").asBars();
    Table table = new Table("Shares", column);
    table.row("model", Side.OURS).set("time", 150);
    table.row("remainder", Side.OURS).set("time", -50);
    String svg = BarChart.of(table, column);
    Matcher bars = Pattern.compile("<rect .*? x='([0-9.]+)' .*? width='([0-9.]+)'").matcher(svg);
    List<double[]> found =
        bars.results()
            .map(bar -> new double[] {parseDouble(bar.group(1)), parseDouble(bar.group(2))})
            .toList();
    assertThat(found).hasSize(2);
    double zero = found.get(0)[0];
    assertThat(found.get(1)[0] + found.get(1)[1]).isCloseTo(zero, within(0.2));
    assertThat(found.get(0)[1]).isCloseTo(3 * found.get(1)[1], within(0.5));
  }

  @Test
  void valuesThatAReaderCannotTellApartAgree() {
    assertThat(run(1.1101).agreeing(run(1.1102), List.of("run.inplace.against-bare"))).isOne();
    assertThat(run(1.1101).apartFrom(run(1.1102))).isEmpty();
    assertThat(run(1.11).apartFrom(run(1.13)))
        .containsExactly(
            "time of run(in, out) against the bare JavaCPP call, tiny model: 1.13, now 1.11");
  }

  @Test
  void labelsOfDotsThatLieTogetherAreSetApartAndLedTo() {
    Table table =
        new Table("Trade", Column.higher("speed", "x"), Column.higher("cosine", ""))
            .drawnAs("Trade", "speed", "cosine");
    for (String who : List.of("one of three", "two of three", "three of three")) {
      table.row(who, Side.OURS).set("speed", 1).set("cosine", 1);
    }
    table.row("far away", Side.THEIRS).set("speed", 3).set("cosine", 0.9);
    String svg = ScatterChart.of(table, table.scatter().orElseThrow());
    List<Double> heights =
        Pattern.compile("<text class='label ours' .*? y='([0-9.]+)'")
            .matcher(svg)
            .results()
            .map(label -> parseDouble(label.group(1)))
            .sorted()
            .toList();
    assertThat(heights).hasSize(3);
    assertThat(heights.get(1) - heights.get(0)).isGreaterThanOrEqualTo(15);
    assertThat(heights.get(2) - heights.get(1)).isGreaterThanOrEqualTo(15);
    assertThat(svg).contains("class='leader'");
  }

  @Test
  void namesThatAReaderMayNotKnowAreExplained() {
    String html = Report.html(run(1.1), Optional.empty(), new Ledger());
    assertThat(html)
        .contains("<summary>What the names stand for</summary>", "<li>cosine: of the angle")
        .doesNotContain("<li>Spearman");
    assertThat(Report.markdown(run(1.1), Optional.empty(), new Ledger()))
        .contains("What the names stand for:\n\n", "* cosine: of the angle");
  }

  @Test
  void theMarkdownTellsTheSame() {
    String markdown = Report.markdown(run(1.1, 1.2, 1.3), Optional.empty(), new Ledger());
    assertThat(markdown)
        .contains(
            "| time of run(in, out) against the bare JavaCPP call, tiny model | 1.2× | 1.1 – 1.3"
                + " | ≤ 1.25 | met, barely |")
        .contains("1 of 1 targets met;", "* a rival: would not load", "A remark.");
  }

  @Test
  void aKeptRunIsReadBackAsItWas(@TempDir Path folder) throws Exception {
    RunRecord run = run(1.1, 1.2, 1.3);
    Path file = folder.resolve("runs/run.json");
    Json.write(file, run);
    RunRecord back = Json.read(file, RunRecord.class);
    assertThat(Report.html(back, Optional.empty(), new Ledger()))
        .isEqualTo(Report.html(run, Optional.empty(), new Ledger()));
  }

  @Test
  void theGuardSeesWhatIsFarFromItsTargetOnly() {
    assertThat(run(1.3, 1.35, 1.4).farFromTarget(0.25)).isEmpty();
    assertThat(run(1.5, 1.7, 1.9).farFromTarget(0.25)).isEmpty(); // 1.5 is not beyond doubt
    assertThat(run(1.6, 1.7, 1.9).farFromTarget(0.25))
        .containsExactly(
            "time of run(in, out) against the bare JavaCPP call, tiny model: 1.7×, target <= 1.25");
  }

  @Test
  void aTableBetweenMarkersIsRenewed() {
    Ledger ledger = new Ledger();
    ledger.record(
        "run.idle", new Estimate(0.5, 0.25, 0.75), "2026-11-24", "here", "2026-11-24-12-00-short");
    String text = "before\n<!-- figures: run -->\nold\n<!-- /figures -->\nafter\n";
    assertThat(ReadmeTables.renew(text, ledger))
        .startsWith("before\n<!-- figures: run -->\n| figure |")
        .contains("0.5\u00a0% | 0.25 – 0.75 | ≤ 1 | met |")
        .endsWith("Measured by the run 2026-11-24-12-00-short on here.\n<!-- /figures -->\nafter\n")
        .doesNotContain("old", "| run |");
    assertThatThrownBy(() -> ReadmeTables.renew(text.replace("run", "rum"), ledger))
        .hasMessageStartingWith("A marker names the figures 'rum', but the list has [run, ");
  }

  @Test
  void figuresOfDifferentRunsTellOfWhich() {
    Ledger ledger = new Ledger();
    ledger.record("run.idle", Estimate.exact(0.5), "2026-11-24", "here", "2026-11-24-12-00-full");
    ledger.record(
        "run.inplace.heap", Estimate.exact(0), "2026-11-25", "there", "2026-11-25-09-00-short");
    assertThat(ReadmeTables.renew("<!-- figures: run -->\n<!-- /figures -->\n", ledger))
        .contains(
            "| met? | run |",
            "| ≤ 1 | met | 2026-11-24-12-00-full |",
            "| ≤ 0 | met | 2026-11-25-09-00-short |",
            "Measured by the run 2026-11-25-09-00-short on there; 2026-11-24-12-00-full on here.");
  }

  @Test
  void whatARunDidNotMeasureIsToldAsThatOfAnEarlierOne() {
    Ledger kept = new Ledger();
    kept.record("run.idle", Estimate.exact(0.5), "2026-11-20", "there", "2026-11-20-08-00-full");
    kept.record(
        "run.inplace.against-bare",
        Estimate.exact(9),
        "2026-11-20",
        "there",
        "2026-11-20-08-00-full");
    String markdown = Report.markdown(run(1.1, 1.2, 1.3), Optional.empty(), kept);
    String own = markdown.substring(0, markdown.indexOf("## Not measured in this run"));
    String older = markdown.substring(own.length());
    assertThat(own).contains("| 1.2× |").doesNotContain("2026-11-20");
    assertThat(older)
        .contains(
            "What earlier runs found. Measured by the run 2026-11-20-08-00-full on there.",
            "| 0.5\u00a0% | one value | ≤ 1 | met | 2026-11-20-08-00-full |")
        .doesNotContain("9×");
  }

  @Test
  void theReadmeSaysWhatTheLedgerSays() throws Exception {
    Ledger ledger = Ledger.read(Path.of("results/ledger.json"));
    String readme = Files.readString(Path.of("../README.md"));
    for (String area : List.of("run", "precision", "batching", "endtoend")) {
      assertThat(readme).contains("<!-- figures: " + area + " -->");
    }
    assertThat(ReadmeTables.renew(readme, ledger)).isEqualTo(readme);
  }
}
