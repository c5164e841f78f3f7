package dev.hone.benchmarks.report;

import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.question.Values;
import java.util.ArrayList;
import java.util.List;

/** One column of a table as bars, each with its interval. */
final class BarChart {
  private static final int LABELS = 318;
  private static final double LETTER = 7; // of a value's text, at most
  private static final int STEP = 28;
  private static final int BAR = 16;

  private BarChart() {}

  private record Bar(String label, Side side, Estimate estimate) {}

  /** The picture; empty if nothing was measured. */
  static String of(Table table, Column column) {
    List<Bar> bars = new ArrayList<>();
    for (Table.Row row : table.rows()) {
      Values cell = row.cells().get(column.name());
      if (cell != null) {
        bars.add(new Bar(row.label(), row.side(), cell.estimate()));
      }
    }
    if (bars.isEmpty()) {
      return "";
    }
    double lowest = bars.stream().mapToDouble(bar -> bar.estimate().low()).min().orElse(0);
    double highest = bars.stream().mapToDouble(bar -> bar.estimate().high()).max().orElse(1);
    int digits = Numbers.digits(bars.stream().map(Bar::estimate).toList());
    int letters =
        bars.stream().mapToInt(bar -> value(bar, digits, column.unit()).length()).max().orElse(0);
    Axis axis = Axis.withZero(lowest, highest, LABELS, Svg.WIDTH - 10 - LETTER * letters);
    Svg svg = new Svg();
    double bottom = 8 + bars.size() * STEP;
    svg.horizontal(axis, Numbers.axis(column.name(), column.unit()), 4, bottom);
    for (int i = 0; i < bars.size(); i++) {
      draw(svg, axis, bars.get(i), 8 + i * STEP, value(bars.get(i), digits, column.unit()));
    }
    String wish = column.better() == Column.Better.LOWER ? "less is better" : "more is better";
    return svg.finish((int) bottom + 46, table.title() + ": " + column.name() + ", " + wish);
  }

  private static String value(Bar bar, int digits, String unit) {
    return Numbers.of(bar.estimate().value(), digits) + Numbers.suffix(unit);
  }

  private static void draw(Svg svg, Axis axis, Bar bar, double top, String value) {
    Estimate estimate = bar.estimate();
    double middle = top + STEP / 2.0;
    svg.text(
        bar.side() == Side.OURS ? "label ours" : "label",
        "end",
        LABELS - 8,
        middle + 4,
        bar.label());
    double from = axis.place(Math.min(0, estimate.value()));
    double to = axis.place(Math.max(0, estimate.value()));
    svg.rect(
        bar.side() == Side.OURS ? "bar ours" : "bar", from, middle - BAR / 2.0, to - from, BAR);
    if (estimate.high() > estimate.low()) {
      double low = axis.place(estimate.low());
      double high = axis.place(estimate.high());
      svg.line("error", low, middle, high, middle);
      svg.line("error", low, middle - 4, low, middle + 4);
      svg.line("error", high, middle - 4, high, middle + 4);
    }
    svg.text(
        "value",
        "start",
        axis.place(Math.max(0, Math.max(estimate.value(), estimate.high()))) + 6,
        middle + 4,
        value);
  }
}
