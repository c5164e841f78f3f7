package dev.hone.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VersionsTest {
  @Test
  void everyJarTellsItsVersion() {
    assertThat(Versions.running()).containsKey("langchain4j").doesNotContainValue("unknown");
  }
}
