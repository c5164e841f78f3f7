package dev.hone.examples.monitoring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.google.gson.JsonObject;
import dev.hone.examples.monitoring.Dashboard.Panel;
import dev.hone.examples.monitoring.Dashboard.Target;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus watches the real server under load. Takes about two minutes. */
@Tag("monitoring")
class MonitoringTest {
  /** A picture for the README looks better with 60. */
  private static final int SECONDS_AT_EACH_LOAD = Integer.getInteger("monitoring.seconds", 20);

  @BeforeAll
  static void prometheusIsInstalled() {
    assumeThat(Prometheus.isInstalled()).as("Debian's package prometheus is installed").isTrue();
  }

  @Test
  void everyExpressionOfRulesAndDashboardGivesDataUnderLoad(@TempDir Path folder) throws Exception {
    try (ServerProcess server = ServerProcess.start(folder.resolve("server.log"));
        Prometheus prometheus = Prometheus.scraping(server.port, folder);
        Load load = new Load(server.http)) {
      for (int callers : List.of(2, 14, 48)) {
        load.add(callers);
        Thread.sleep(SECONDS_AT_EACH_LOAD * 1_000L);
      }
      assertThat(load.statuses().keySet()).containsExactly(200);

      List<String> silent = new ArrayList<>();
      for (JsonObject rule : prometheus.rules()) {
        assertThat(rule.get("health").getAsString()).as(rule.toString()).isEqualTo("ok");
        for (String expression : withoutLimits(rule.get("query").getAsString())) {
          addIfSilent(prometheus, expression, silent);
        }
      }
      Dashboard dashboard = Dashboard.read();
      for (Panel panel : dashboard.panels()) {
        for (Target target : panel.targets()) {
          addIfSilent(prometheus, target.expression(), silent);
        }
      }
      assertThat(silent).as("expressions without data").isEmpty();

      Path picture = Path.of("target", "dashboard.svg");
      Map<Integer, String> loads =
          Map.of(
              0, "2 callers", SECONDS_AT_EACH_LOAD, "16 callers", 2 * SECONDS_AT_EACH_LOAD, "64");
      int seconds = 3 * SECONDS_AT_EACH_LOAD;
      DashboardPicture.draw(dashboard, prometheus, seconds, loads, picture);
      assertThat(picture).isNotEmptyFile();
    }
  }

  /** An alert's expression without what makes it silent while all is well. */
  private static List<String> withoutLimits(String expression) {
    return List.of(expression.replaceAll(" [<>] [0-9.]+", "").split(" and "));
  }

  private static void addIfSilent(Prometheus prometheus, String expression, List<String> silent)
      throws IOException {
    List<JsonObject> series = prometheus.query(expression);
    boolean speaks =
        series.stream()
            .map(s -> s.getAsJsonArray("value").get(1).getAsString())
            .anyMatch(value -> !value.equals("NaN"));
    if (!speaks) {
      silent.add(expression);
    }
  }

  @Test
  void aTerminatedServerLosesNoRequestThatItAccepted(@TempDir Path folder) throws Exception {
    try (ServerProcess server = ServerProcess.start(folder.resolve("terminated.log"))) {
      Load load = new Load(server.http);
      load.add(16);
      Thread.sleep(3_000);
      server.process.destroy(); // SIGTERM
      while (server.http.get("/ready").statusCode() == 200) {
        Thread.sleep(10);
      }
      Thread.sleep(1_000); // a load balancer needs a moment to notice, and sends more meanwhile
      load.close();
      Map<Integer, Integer> statuses = load.statuses();
      System.out.println("Requests by status, with SIGTERM under load: " + statuses);
      assertThat(statuses.keySet()).containsExactly(200);
      assertThat(server.process.waitFor(30, TimeUnit.SECONDS)).isTrue();
      assertThat(server.process.exitValue()).isEqualTo(143);
      assertThat(Files.readString(folder.resolve("terminated.log"))).doesNotContain("Exception");
    }
  }

  @Test
  void promtoolAcceptsTheRulesAndTheirTests() throws Exception {
    for (String command : List.of("check rules rules.yml", "test rules rules-test.yml")) {
      List<String> words = new ArrayList<>(List.of("/usr/bin/promtool"));
      words.addAll(List.of(command.split(" ")));
      Process process =
          new ProcessBuilder(words)
              .directory(Path.of("monitoring").toFile())
              .redirectErrorStream(true)
              .start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertThat(process.waitFor()).as(said).isZero();
    }
  }
}
