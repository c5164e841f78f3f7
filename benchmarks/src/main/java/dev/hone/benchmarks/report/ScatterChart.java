package dev.hone.benchmarks.report;

import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.measure.Estimate;
import dev.hone.benchmarks.question.Column;
import dev.hone.benchmarks.question.Table;
import dev.hone.benchmarks.question.Values;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Two columns of a table against each other. The rows that no other row beats in both are joined:
 * the Pareto front.
 */
final class ScatterChart {
  private static final int HEIGHT = 380;
  private static final int LEFT = 76;
  private static final int RIGHT = Svg.WIDTH - 24;
  private static final int BOTTOM = HEIGHT - 48;
  private static final int LINE = 15;
  private static final double LETTER = 7.4; // of a label, the bold ones too
  private static final int DOT = 5;

  private ScatterChart() {}

  private record Dot(String label, Side side, Estimate x, Estimate y) {}

  /** A label and the ground it covers. */
  private record Place(double x, double y, double width) {
    boolean overlaps(Place other) {
      return Math.abs(y - other.y) < LINE && x < other.x + other.width && other.x < x + width;
    }
  }

  /** The picture; empty if nothing was measured. */
  static String of(Table table, Table.Scatter scatter) {
    Column xColumn = table.column(scatter.x());
    Column yColumn = table.column(scatter.y());
    List<Dot> dots = dots(table, scatter);
    if (dots.size() < 2) {
      return "";
    }
    Axis x = axis(dots.stream().map(Dot::x).toList(), LEFT, RIGHT);
    Axis y = axis(dots.stream().map(Dot::y).toList(), BOTTOM, 10);
    Svg svg = new Svg();
    svg.horizontal(x, Numbers.axis(xColumn.name(), xColumn.unit()), 10, BOTTOM);
    svg.vertical(y, Numbers.axis(yColumn.name(), yColumn.unit()), LEFT, RIGHT);
    front(svg, x, y, dots, xColumn.better(), yColumn.better());
    label(svg, x, y, dots);
    for (Dot dot : dots) { // over the labels: a dot that is hidden is a lie
      draw(svg, x, y, dot);
    }
    return svg.finish(HEIGHT, scatter.title());
  }

  private static List<Dot> dots(Table table, Table.Scatter scatter) {
    List<Dot> dots = new ArrayList<>();
    for (Table.Row row : table.rows()) {
      Values x = row.cells().get(scatter.x());
      Values y = row.cells().get(scatter.y());
      if (x != null && y != null) {
        dots.add(new Dot(row.label(), row.side(), x.estimate(), y.estimate()));
      }
    }
    return dots;
  }

  private static Axis axis(List<Estimate> estimates, double start, double end) {
    double low = estimates.stream().mapToDouble(Estimate::low).min().orElse(0);
    double high = estimates.stream().mapToDouble(Estimate::high).max().orElse(1);
    return Axis.around(low, high, start, end);
  }

  private static void front(
      Svg svg, Axis x, Axis y, List<Dot> dots, Column.Better xBetter, Column.Better yBetter) {
    StringBuilder points = new StringBuilder();
    dots.stream()
        .filter(dot -> dots.stream().noneMatch(other -> beats(other, dot, xBetter, yBetter)))
        .sorted(Comparator.comparingDouble(dot -> dot.x.value()))
        .forEach(
            dot ->
                points.append(
                    String.format(
                        Locale.ROOT,
                        "%.1f,%.1f ",
                        x.place(dot.x.value()),
                        y.place(dot.y.value()))));
    svg.path("front", points.toString().strip());
  }

  /** Whether one dot is better in one way and not worse in the other. */
  private static boolean beats(Dot one, Dot other, Column.Better xBetter, Column.Better yBetter) {
    int x = Double.compare(one.x.value(), other.x.value());
    int y = Double.compare(one.y.value(), other.y.value());
    int xGain = xBetter == Column.Better.HIGHER ? x : -x;
    int yGain = yBetter == Column.Better.HIGHER ? y : -y;
    return xGain >= 0 && yGain >= 0 && xGain + yGain > 0;
  }

  private static void draw(Svg svg, Axis x, Axis y, Dot dot) {
    double px = x.place(dot.x.value());
    double py = y.place(dot.y.value());
    svg.line("error", x.place(dot.x.low()), py, x.place(dot.x.high()), py);
    svg.circle(dot.side == Side.OURS ? "dot ours" : "dot", px, py, DOT);
  }

  /** Puts each label beside its dot, and further down where another label or dot is. */
  private static void label(Svg svg, Axis x, Axis y, List<Dot> dots) {
    List<Place> taken = new ArrayList<>();
    for (Dot dot : dots) {
      double px = x.place(dot.x.value());
      taken.add(new Place(px - DOT - 2, y.place(dot.y.value()) + DOT, 2 * DOT + 4));
    }
    List<Dot> ordered = new ArrayList<>(dots);
    ordered.sort(Comparator.comparingDouble(dot -> y.place(dot.y.value())));
    for (Dot dot : ordered) {
      double width = dot.label.length() * LETTER;
      double px = x.place(dot.x.value());
      boolean left = px + 10 + width > RIGHT;
      double start = left ? px - 10 - width : px + 10;
      Place place = new Place(start, y.place(dot.y.value()) - 8, width);
      while (taken.stream().anyMatch(place::overlaps)) {
        place = new Place(place.x, place.y + 2, width);
      }
      taken.add(place);
      if (place.y - y.place(dot.y.value()) > LINE) { // too far off to be seen as its own
        svg.line("leader", px, y.place(dot.y.value()), left ? px - 9 : px + 9, place.y - 4);
      }
      svg.text(
          dot.side == Side.OURS ? "label ours" : "label",
          left ? "end" : "start",
          left ? px - 10 : px + 10,
          place.y,
          dot.label);
    }
  }
}
