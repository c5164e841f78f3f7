package dev.hone.examples.monitoring;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.hone.examples.monitoring.Dashboard.Panel;
import dev.hone.examples.monitoring.Dashboard.Target;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Draws what the dashboard's expressions gave, as one SVG that suits light and dark pages. */
final class DashboardPicture {
  private static final int COLUMNS = 3;
  private static final int WIDTH = 320;
  private static final int HEIGHT = 190;
  private static final int LEFT = 52;
  private static final int RIGHT = 8;
  private static final int TOP = 26;
  private static final int BOTTOM = 46;

  private static final List<String> COLORS =
      List.of("#3274d9", "#e0752d", "#37872d", "#a352cc", "#c4162a", "#0e9aa7");

  private static final String STYLE =
      """
      <style>
        text { font: 11px sans-serif; fill: #444 }
        .title { font-weight: bold; fill: #222 }
        .page { fill: #fff } .frame { fill: #f7f7f8; stroke: #ddd } .grid { stroke: #ddd }
        @media (prefers-color-scheme: dark) {
          text { fill: #bbb } .title { fill: #eee }
          .page { fill: #111 } .frame { fill: #1b1c20; stroke: #333 } .grid { stroke: #333 }
        }
      </style>
      """;

  private DashboardPicture() {}

  /** One line of a panel: a value for each second, NaN where there was none. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  private record Line(String name, double[] values) {}

  static void draw(Dashboard dashboard, Prometheus prometheus, int seconds, Path file)
      throws IOException {
    List<Panel> panels = dashboard.panels();
    int rows = (panels.size() + COLUMNS - 1) / COLUMNS;
    StringBuilder svg = new StringBuilder();
    append(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">%n",
        COLUMNS * WIDTH,
        rows * HEIGHT);
    svg.append(STYLE);
    append(svg, "<rect class=\"page\" width=\"100%%\" height=\"100%%\"/>%n");
    for (int i = 0; i < panels.size(); i++) {
      append(
          svg, "<g transform=\"translate(%d,%d)\">%n", i % COLUMNS * WIDTH, i / COLUMNS * HEIGHT);
      drawPanel(svg, panels.get(i), lines(panels.get(i), prometheus, seconds), seconds);
      append(svg, "</g>%n");
    }
    append(svg, "</svg>%n");
    Files.writeString(file, svg);
  }

  private static List<Line> lines(Panel panel, Prometheus prometheus, int seconds)
      throws IOException {
    List<Line> lines = new ArrayList<>();
    for (Target target : panel.targets()) {
      for (JsonObject series : prometheus.queryRange(target.expression(), seconds)) {
        Line line = line(target, series, seconds);
        if (!panel.stacked() || maximum(line.values) > 0) {
          lines.add(line);
        }
      }
    }
    return panel.stacked() ? stacked(lines, seconds) : lines;
  }

  private static Line line(Target target, JsonObject series, int seconds) {
    String name = target.legend();
    for (var label : series.getAsJsonObject("metric").entrySet()) {
      name = name.replace("{{" + label.getKey() + "}}", label.getValue().getAsString());
    }
    name = name.replaceAll("127[.]0[.]0[.]1:[0-9]+", "").strip();
    double[] values = new double[seconds + 1];
    Arrays.fill(values, Double.NaN);
    JsonArray points = series.getAsJsonArray("values");
    double end = System.currentTimeMillis() / 1e3;
    for (JsonElement element : points) {
      JsonArray point = element.getAsJsonArray();
      int second = (int) Math.round(seconds - (end - point.get(0).getAsDouble()));
      String value = point.get(1).getAsString();
      if (second >= 0 && second <= seconds && !value.contains("Inf")) {
        values[second] = Double.parseDouble(value);
      }
    }
    return new Line(name, values);
  }

  private static List<Line> stacked(List<Line> lines, int seconds) {
    List<Line> stacked = new ArrayList<>();
    double[] below = new double[seconds + 1];
    for (Line line : lines) {
      double[] sum = line.values.clone();
      for (int i = 0; i <= seconds; i++) {
        sum[i] += below[i];
        below[i] = Double.isNaN(sum[i]) ? below[i] : sum[i];
      }
      stacked.add(0, new Line(line.name, sum)); // the highest first, so that lower ones show
    }
    return stacked;
  }

  private static double maximum(double[] values) {
    double most = 0;
    for (double value : values) {
      most = Double.isNaN(value) ? most : Math.max(most, value);
    }
    return most;
  }

  private static void drawPanel(StringBuilder svg, Panel panel, List<Line> lines, int seconds) {
    append(
        svg,
        "<rect class=\"frame\" x=\"3\" y=\"3\" width=\"%d\" height=\"%d\" rx=\"4\"/>%n",
        WIDTH - 6,
        HEIGHT - 6);
    append(svg, "<text class=\"title\" x=\"12\" y=\"18\">%s</text>%n", panel.title());
    double top = roundUp(lines.stream().mapToDouble(l -> maximum(l.values)).max().orElse(0));
    for (int i = 0; i <= 2; i++) {
      double y = y(i / 2.0);
      append(
          svg,
          "<path class=\"grid\" d=\"M%d %.1fH%d\"/><text x=\"%d\" y=\"%.1f\""
              + " text-anchor=\"end\">%s</text>%n",
          LEFT,
          y,
          WIDTH - RIGHT,
          LEFT - 4,
          y + 4,
          label(top * i / 2, panel.unit()));
    }
    int axis = HEIGHT - BOTTOM + 13;
    append(svg, "<text x=\"%d\" y=\"%d\">0 s</text>%n", LEFT, axis);
    append(
        svg,
        "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%d s</text>%n",
        WIDTH - RIGHT,
        axis,
        seconds);
    double legend = LEFT;
    if (lines.isEmpty()) {
      append(svg, "<text x=\"%.0f\" y=\"%d\">none</text>%n", legend, HEIGHT - 14);
    }
    for (int i = 0; i < lines.size(); i++) {
      String color = COLORS.get(i % COLORS.size());
      drawLine(svg, lines.get(i), top, color, panel.stacked());
      append(
          svg,
          "<text x=\"%.0f\" y=\"%d\" style=\"fill:%s\">%s</text>%n",
          legend,
          HEIGHT - 14,
          color,
          lines.get(i).name);
      legend += 10 + 6.2 * lines.get(i).name.length();
    }
  }

  private static void drawLine(
      StringBuilder svg, Line line, double top, String color, boolean filled) {
    StringBuilder path = new StringBuilder();
    int last = line.values.length - 1;
    boolean pen = false;
    double firstX = LEFT;
    double lastX = LEFT;
    for (int i = 0; i <= last; i++) {
      if (Double.isNaN(line.values[i])) {
        continue;
      }
      double x = LEFT + (WIDTH - LEFT - RIGHT) * i / (double) last;
      firstX = pen ? firstX : x;
      lastX = x;
      append(path, "%s%.1f %.1f", pen ? "L" : "M", x, y(line.values[i] / top));
      pen = true;
    }
    if (!pen) {
      return;
    }
    if (filled) {
      append(
          svg,
          "<path d=\"%sL%.1f %.1fL%.1f %.1fZ\" fill=\"%s\" fill-opacity=\"0.35\"/>%n",
          path,
          lastX,
          y(0),
          firstX,
          y(0),
          color);
    }
    append(svg, "<path d=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\"/>%n", path, color);
  }

  private static double y(double share) {
    return HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * Math.min(1, Math.max(0, share));
  }

  /** The next of 1, 2, 5, 10 times a power of ten. */
  private static double roundUp(double value) {
    if (value <= 0) {
      return 1;
    }
    double power = Math.pow(10, Math.floor(Math.log10(value)));
    for (double factor : new double[] {1, 2, 5}) {
      if (value <= factor * power) {
        return factor * power;
      }
    }
    return 10 * power;
  }

  private static String label(double value, String unit) {
    return switch (unit) {
      case "s" -> number(value * 1e3) + " ms";
      case "bytes" -> number(value / 1e6) + " MB";
      case "percentunit" -> number(value * 100) + " %";
      case "reqps", "ops" -> number(value) + "/s";
      default -> number(value);
    };
  }

  private static String number(double value) {
    return BigDecimal.valueOf(value).round(new MathContext(3)).stripTrailingZeros().toPlainString();
  }

  private static void append(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values));
  }
}
