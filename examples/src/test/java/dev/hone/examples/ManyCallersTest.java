package dev.hone.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ManyCallersTest {
  @Test
  void bothWaysServeTheirUsersAndTheTableShowsIt() throws Exception {
    ByteArrayOutputStream output = new ByteArrayOutputStream();
    double ratio;
    try (PrintStream out = new PrintStream(output, true, StandardCharsets.UTF_8)) {
      ratio = ManyCallers.compare(20, Duration.ofMillis(500), out);
    }
    String text = output.toString(StandardCharsets.UTF_8);
    assertThat(ratio).isFinite().isPositive();
    assertThat(text)
        .startsWith("20 users, 300 texts")
        .containsPattern("plain +[1-9]\\d* +\\d+\\.\\d +\\d+\\.\\d +1\\.0 +0 %")
        .containsPattern("batched +[1-9]\\d* +")
        .contains("batching: sharing saves up to")
        .containsPattern("Batched, \\d+\\.\\d\\d times as many requests are answered\\.");
  }
}
