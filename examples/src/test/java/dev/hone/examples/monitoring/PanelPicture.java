package dev.hone.examples.monitoring;

import dev.hone.examples.monitoring.Dashboard.Panel;
import dev.hone.examples.monitoring.DashboardPicture.Line;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Draws one panel. */
final class PanelPicture {
  static final int WIDTH = 330;
  static final int HEIGHT = 210;

  private static final int LEFT = 58;
  private static final int RIGHT = 14;
  private static final int TOP = 44;
  private static final int BOTTOM = 52;
  private static final int COLORS = 6;
  private static final double[] STEPS = {1, 1.5, 2, 3, 4, 5, 6, 8, 10};

  private final Panel panel;
  private final List<Line> lines;
  private final int seconds;
  private final double top;
  private final StringBuilder svg = new StringBuilder();

  /** Draws. */
  PanelPicture(Panel panel, List<Line> lines, int seconds, Map<Integer, String> loads) {
    this.panel = panel;
    this.lines = lines;
    this.seconds = seconds;
    double highest =
        panel.stacked() ? highestSum() : lines.stream().mapToDouble(Line::highest).max().orElse(0);
    this.top = roundUp(highest);
    frame(loads);
    if (panel.stacked()) {
      bands();
    } else {
      for (int i = 0; i < lines.size(); i++) {
        line(lines.get(i).values(), i, lines.size() == 1);
      }
    }
    legend();
  }

  private double highestSum() {
    double highest = 0;
    for (int second = 0; second <= seconds; second++) {
      double sum = 0;
      for (Line line : lines) {
        sum += orZero(line.values()[second]);
      }
      highest = Math.max(highest, sum);
    }
    return highest;
  }

  private static double orZero(double value) {
    return Double.isNaN(value) ? 0 : value;
  }

  private void append(String format, Object... values) {
    svg.append(String.format(Locale.ROOT, format, values));
  }

  private void frame(Map<Integer, String> loads) {
    append("<rect class=\"frame\" width=\"%d\" height=\"%d\" rx=\"8\"/>%n", WIDTH, HEIGHT);
    append("<text class=\"title\" x=\"14\" y=\"22\">%s</text>%n", panel.title());
    for (int i = 0; i <= 2; i++) {
      double y = y(top * i / 2);
      append("<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y, WIDTH - RIGHT);
      append("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 6, y + 4);
      append("%s</text>%n", label(top * i / 2));
    }
    loads.forEach(
        (second, load) -> {
          if (second > 0) {
            append("<path class=\"load\" d=\"M%.1f %dV%.1f\"/>", x(second), TOP - 6, y(0));
          }
          append("<text x=\"%.1f\" y=\"%d\">%s</text>%n", x(second) + 4, TOP - 6, load);
        });
    int axis = HEIGHT - BOTTOM + 15;
    append("<text x=\"%d\" y=\"%d\">0 s</text>%n", LEFT, axis);
    append("<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH - RIGHT, axis);
    append("%d s</text>%n", seconds);
  }

  /** Each on top of the one before. */
  private void bands() {
    double[] below = new double[seconds + 1];
    for (int i = 0; i < lines.size(); i++) {
      double[] above = below.clone();
      for (int second = 0; second <= seconds; second++) {
        above[second] += orZero(lines.get(i).values()[second]);
      }
      append("<path class=\"band c%d\" d=\"", i % COLORS);
      for (int second = 0; second <= seconds; second++) {
        append("%s%.1f %.1f", second == 0 ? "M" : "L", x(second), y(above[second]));
      }
      for (int second = seconds; second >= 0; second--) {
        append("L%.1f %.1f", x(second), y(below[second]));
      }
      append("Z\"/>%n");
      below = above;
    }
  }

  private void line(double[] values, int index, boolean filled) {
    StringBuilder path = new StringBuilder();
    double first = LEFT;
    double last = LEFT;
    for (int second = 0; second <= seconds; second++) {
      if (!Double.isNaN(values[second])) {
        last = x(second);
        first = path.isEmpty() ? last : first;
        String pen = path.isEmpty() ? "M" : "L";
        path.append(String.format(Locale.ROOT, "%s%.1f %.1f", pen, last, y(values[second])));
      }
    }
    if (path.isEmpty()) {
      return;
    }
    if (filled) {
      append("<path class=\"area c%d\" d=\"%s", index % COLORS, path);
      append("L%.1f %.1fL%.1f %.1fZ\"/>%n", last, y(0), first, y(0));
    }
    append("<path class=\"line c%d\" d=\"%s\"/>%n", index % COLORS, path);
  }

  private void legend() {
    double width = lines.stream().mapToDouble(line -> keyWidth(line.name())).sum();
    double x = Math.min(LEFT, WIDTH - width);
    int y = HEIGHT - 13;
    for (int i = 0; i < lines.size(); i++) {
      String name = lines.get(i).name();
      append("<rect class=\"key c%d\" x=\"%.0f\" y=\"%d\"", i % COLORS, x, y - 9);
      append(" width=\"10\" height=\"10\" rx=\"2\"/>");
      append("<text x=\"%.0f\" y=\"%d\">%s</text>%n", x + 14, y, name);
      x += keyWidth(name);
    }
  }

  private static double keyWidth(String name) {
    return 26 + 6.4 * name.length();
  }

  private double x(double second) {
    return LEFT + (WIDTH - LEFT - RIGHT) * second / seconds;
  }

  private double y(double value) {
    double share = Math.min(1, Math.max(0, value / top));
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share;
  }

  /** The next round number whose half is round, too. */
  private static double roundUp(double value) {
    if (value <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (double step : STEPS) {
      if (value <= step * power * 1.0001) {
        return step * power;
      }
    }
    return 10 * power;
  }

  private String label(double value) {
    return switch (panel.unit()) {
      case "s" -> top < 1 ? number(value * 1e3) + " ms" : number(value) + " s";
      case "bytes" -> number(value / 1e6) + " MB";
      case "percentunit" -> number(value * 100) + " %";
      case "reqps", "ops" -> number(value) + "/s";
      default -> number(value);
    };
  }

  private static String number(double value) {
    return BigDecimal.valueOf(value).round(new MathContext(3)).stripTrailingZeros().toPlainString();
  }

  /** The panel as elements of an SVG. */
  @Override
  public String toString() {
    return svg.toString();
  }
}
