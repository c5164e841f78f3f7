package dev.hone.examples.monitoring;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class EmbeddingServerTest {
  private static EmbeddingServer server;
  private static Http http;

  @BeforeAll
  static void start() throws IOException {
    server = new EmbeddingServer(0, Duration.ZERO);
    http = new Http(server.port());
  }

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void aTextGivesAVectorOfLengthOne() throws IOException {
    String[] numbers = http.post("/embed", "a text").body().replaceAll("[\\[\\]]", "").split(",");
    double square = 0;
    for (String number : numbers) {
      square += Double.parseDouble(number) * Double.parseDouble(number);
    }
    assertThat(numbers).hasSize(384);
    assertThat(square).isBetween(0.999, 1.001);
  }

  @Test
  void anEmptyAndAnOversizedTextAreRefused() throws IOException {
    assertThat(http.post("/embed", " ").statusCode()).isEqualTo(400);
    assertThat(http.post("/embed", "x".repeat(70_000)).statusCode()).isEqualTo(400);
    assertThat(http.get("/embed").statusCode()).isEqualTo(405);
  }

  @Test
  void itIsReadyAndAlive() throws IOException {
    assertThat(http.get("/ready").statusCode()).isEqualTo(200);
    assertThat(http.get("/live").body()).isEqualTo("alive");
  }

  @Test
  void everyMetricThatRulesAndDashboardNameIsScraped() throws IOException {
    http.post("/embed", "a text");
    Set<String> scraped = names(http.get("/metrics").body(), "^(inference_[a-z_]+)[{ ]");
    Set<String> named = new TreeSet<>();
    for (String file :
        new String[] {
          "rules.yml", "grafana-dashboard.json", "kubernetes/keda.yaml", "kubernetes/hpa.yaml"
        }) {
      String text = Files.readString(Path.of("monitoring").resolve(file));
      named.addAll(names(text, "(?<![a-z_:])(inference_[a-z_]+)(?![a-z_]*:)"));
    }
    assertThat(named).hasSizeGreaterThan(10);
    assertThat(scraped).containsAll(named);
  }

  @Test
  void aSessionHasAtMostSixtySeries() throws IOException {
    Pattern series = Pattern.compile("^inference_.*session=\"minilm\".*$", Pattern.MULTILINE);
    assertThat(series.matcher(http.get("/metrics").body()).results()).hasSizeBetween(30, 60);
  }

  private static Set<String> names(String text, String pattern) {
    Set<String> names = new TreeSet<>();
    Matcher matcher = Pattern.compile(pattern, Pattern.MULTILINE).matcher(text);
    while (matcher.find()) {
      names.add(matcher.group(1));
    }
    return names;
  }
}
