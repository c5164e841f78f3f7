package dev.hone.examples.monitoring;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A real Prometheus, started with the example's own configuration, only faster and elsewhere. */
final class Prometheus implements AutoCloseable {
  private static final Path FILES = Path.of("monitoring");

  private final Process process;
  private final Http http;

  private Prometheus(Process process, Http http) {
    this.process = process;
    this.http = http;
  }

  static boolean isInstalled() {
    return Files.isExecutable(Path.of("/usr/bin/prometheus"));
  }

  /** Starts one that scrapes this port each second. */
  static Prometheus scraping(int target, Path folder) throws IOException, InterruptedException {
    Path config = folder.resolve("prometheus.yml");
    Files.writeString(
        config,
        Files.readString(FILES.resolve("prometheus.yml"))
            .replace("interval: 5s", "interval: 1s")
            .replace("localhost:8080", "127.0.0.1:" + target));
    Files.copy(FILES.resolve("rules.yml"), folder.resolve("rules.yml"));
    int port = freePort();
    Process process =
        new ProcessBuilder(
                "/usr/bin/prometheus",
                "--config.file=" + config,
                "--storage.tsdb.path=" + folder.resolve("data"),
                "--web.listen-address=127.0.0.1:" + port)
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("prometheus.log").toFile())
            .start();
    Prometheus prometheus = new Prometheus(process, new Http(port));
    prometheus.http.awaitOk("/-/ready", Duration.ofSeconds(30));
    return prometheus;
  }

  static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  /** The series that an expression gives now. */
  List<JsonObject> query(String expression) throws IOException {
    return series("/api/v1/query?query=" + Http.encoded(expression));
  }

  /** The series that an expression gave over the last seconds, second by second. */
  List<JsonObject> queryRange(String expression, int seconds) throws IOException {
    double now = System.currentTimeMillis() / 1e3;
    return series(
        "/api/v1/query_range?query="
            + Http.encoded(expression)
            + "&start="
            + (now - seconds)
            + "&end="
            + now
            + "&step=1");
  }

  private List<JsonObject> series(String path) throws IOException {
    List<JsonObject> series = new ArrayList<>();
    JsonObject data = get(path);
    for (JsonElement element : data.getAsJsonArray("result")) {
      series.add(element.getAsJsonObject());
    }
    return series;
  }

  /** The rules as Prometheus understood them. */
  List<JsonObject> rules() throws IOException {
    List<JsonObject> rules = new ArrayList<>();
    for (JsonElement group : get("/api/v1/rules").getAsJsonArray("groups")) {
      for (JsonElement rule : group.getAsJsonObject().getAsJsonArray("rules")) {
        rules.add(rule.getAsJsonObject());
      }
    }
    return rules;
  }

  private JsonObject get(String path) throws IOException {
    JsonObject answer = JsonParser.parseString(http.get(path).body()).getAsJsonObject();
    if (!answer.get("status").getAsString().equals("success")) {
      throw new AssertionError(path + " gives " + answer);
    }
    return answer.getAsJsonObject("data");
  }

  @Override
  public void close() {
    process.destroy();
  }
}
