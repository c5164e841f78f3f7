package dev.hone.benchmarks.report;

import dev.hone.benchmarks.measure.Entrant.Side;
import dev.hone.benchmarks.question.Curves;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** Curves in one picture, with a legend below. */
final class CurveChart {
  private static final int LEFT = 76;
  private static final int RIGHT = Svg.WIDTH - 24;
  private static final int BOTTOM = 300;

  private CurveChart() {}

  /** The picture; empty if there is no curve. */
  static String of(Curves picture) {
    List<Curves.Curve> curves =
        picture.curves().stream().filter(curve -> !curve.points().isEmpty()).toList();
    if (curves.isEmpty()) {
      return "";
    }
    List<Curves.Point> all = curves.stream().flatMap(curve -> curve.points().stream()).toList();
    double right = all.stream().mapToDouble(Curves.Point::x).max().orElse(1);
    double top = all.stream().mapToDouble(Curves.Point::y).max().orElse(1);
    Axis x = Axis.withZero(0, right * 1.05, LEFT, RIGHT);
    Axis y = Axis.withZero(0, top * 1.05, BOTTOM, 10);
    Svg svg = new Svg();
    svg.horizontal(x, picture.xAxis(), 10, BOTTOM);
    svg.vertical(y, picture.yAxis(), LEFT, RIGHT);
    int rival = 0;
    for (int i = 0; i < curves.size(); i++) {
      Curves.Curve curve = curves.get(i);
      String style = curve.side() == Side.OURS ? "ours" : "rival" + rival++ % 4;
      draw(svg, x, y, curve, style);
      double legend = BOTTOM + 58 + i * 18;
      svg.line("curve " + style, LEFT, legend - 4, LEFT + 26, legend - 4);
      svg.text("label", "start", LEFT + 34, legend, curve.label());
    }
    return svg.finish(BOTTOM + 58 + curves.size() * 18, picture.title());
  }

  private static void draw(Svg svg, Axis x, Axis y, Curves.Curve curve, String style) {
    String points =
        curve.points().stream()
            .map(
                point ->
                    String.format(Locale.ROOT, "%.1f,%.1f", x.place(point.x()), y.place(point.y())))
            .collect(Collectors.joining(" "));
    svg.path("curve " + style, points);
    curve
        .points()
        .forEach(point -> svg.circle("dot " + style, x.place(point.x()), y.place(point.y()), 3));
  }
}
