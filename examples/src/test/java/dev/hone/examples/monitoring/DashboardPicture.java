package dev.hone.examples.monitoring;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import dev.hone.examples.monitoring.Dashboard.Panel;
import dev.hone.examples.monitoring.Dashboard.Target;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Draws what the dashboard's expressions gave, as one SVG that suits light and dark pages. */
final class DashboardPicture {
  /** Those panels that say most about a service whose load rises. */
  private static final List<String> PANELS =
      List.of(
          "Requests",
          "Latency",
          "Time by stage",
          "Pressure",
          "Queue",
          "Rows in a batch",
          "Runs by reason",
          "Padding",
          "Compared with the baseline");

  private static final int COLUMNS = 3;
  private static final int GAP = 10;

  private static final String STYLE =
      """
      <style>
        text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a }
        .title { font-weight: 600; font-size: 13.5px; fill: #1f2328 }
        .frame { fill: #ffffff; stroke: #d0d7de } .grid { stroke: #e6eaef }
        .load { stroke: #afb8c1; stroke-dasharray: 3 3 }
        .line { fill: none; stroke: var(--c); stroke-width: 2; stroke-linejoin: round }
        .area { fill: var(--c); fill-opacity: .14 } .band { fill: var(--c); fill-opacity: .5 }
        .key { fill: var(--c) }
        .c0 { --c: #2a6fdb } .c1 { --c: #e0702a } .c2 { --c: #2f8f4e }
        .c3 { --c: #9a4fd0 } .c4 { --c: #c8324f } .c5 { --c: #0d8f9c }
        @media (prefers-color-scheme: dark) {
          text { fill: #9aa4af } .title { fill: #f0f6fc }
          .frame { fill: #161b22; stroke: #30363d } .grid { stroke: #272d35 }
          .load { stroke: #57606a }
          .c0 { --c: #6ea8ff } .c1 { --c: #ffa366 } .c2 { --c: #6fd08c }
          .c3 { --c: #c79bff } .c4 { --c: #ff7d95 } .c5 { --c: #5ed3df }
        }
      </style>
      """;

  private DashboardPicture() {}

  /** One line of a panel: a value for each second, NaN where there was none. */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  record Line(String name, double[] values) {
    double highest() {
      return Arrays.stream(values).filter(value -> !Double.isNaN(value)).max().orElse(0);
    }
  }

  /**
   * Draws the last seconds.
   *
   * @param loads what the load was, by the second at which it began
   */
  static void draw(
      Dashboard dashboard,
      Prometheus prometheus,
      int seconds,
      Map<Integer, String> loads,
      Path file)
      throws IOException {
    List<Panel> panels =
        dashboard.panels().stream().filter(panel -> PANELS.contains(panel.title())).toList();
    int rows = (panels.size() + COLUMNS - 1) / COLUMNS;
    StringBuilder svg = new StringBuilder();
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\">%n",
            COLUMNS * (PanelPicture.WIDTH + GAP) - GAP + 2,
            rows * (PanelPicture.HEIGHT + GAP) - GAP + 2));
    svg.append("<title>Panels of the dashboard while load rises</title>\n").append(STYLE);
    for (int i = 0; i < panels.size(); i++) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<g transform=\"translate(%d,%d)\">%n",
              1 + i % COLUMNS * (PanelPicture.WIDTH + GAP),
              1 + i / COLUMNS * (PanelPicture.HEIGHT + GAP)));
      List<Line> lines = lines(panels.get(i), prometheus, seconds);
      svg.append(new PanelPicture(panels.get(i), lines, seconds, loads)).append("</g>\n");
    }
    Files.writeString(file, svg.append("</svg>\n"));
  }

  private static List<Line> lines(Panel panel, Prometheus prometheus, int seconds)
      throws IOException {
    List<Line> lines = new ArrayList<>();
    for (Target target : panel.targets()) {
      for (JsonObject series : prometheus.queryRange(target.expression(), seconds)) {
        Line line = line(target, series, seconds);
        if (!panel.stacked() || line.highest() > 0) {
          lines.add(line);
        }
      }
    }
    return lines;
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
}
