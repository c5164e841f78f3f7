package dev.hone.examples.monitoring;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The dashboard's panels, with its variables filled in. */
record Dashboard(List<Panel> panels) {
  /**
   * One panel.
   *
   * @param title its title
   * @param unit the unit of its values, by Grafana's name
   * @param stacked whether its series are stacked
   */
  record Panel(String title, String unit, boolean stacked, List<Target> targets) {}

  /** One expression and the name of its series, with labels in double braces. */
  record Target(String expression, String legend) {}

  static Dashboard read() throws IOException {
    String json = Files.readString(Path.of("monitoring", "grafana-dashboard.json"));
    List<Panel> panels = new ArrayList<>();
    for (JsonElement element :
        JsonParser.parseString(json).getAsJsonObject().getAsJsonArray("panels")) {
      panels.add(panel(element.getAsJsonObject()));
    }
    return new Dashboard(panels);
  }

  private static Panel panel(JsonObject panel) {
    List<Target> targets = new ArrayList<>();
    for (JsonElement element : panel.getAsJsonArray("targets")) {
      JsonObject target = element.getAsJsonObject();
      targets.add(
          new Target(
              target.get("expr").getAsString().replace("$session", ".*"),
              target.get("legendFormat").getAsString()));
    }
    JsonObject defaults = panel.getAsJsonObject("fieldConfig").getAsJsonObject("defaults");
    String stacking =
        defaults.getAsJsonObject("custom").getAsJsonObject("stacking").get("mode").getAsString();
    return new Panel(
        panel.get("title").getAsString(),
        defaults.get("unit").getAsString(),
        stacking.equals("normal"),
        targets);
  }
}
