package dev.hone.benchmarks.inputs;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TextsTest {
  @Test
  void theSameSeedGivesTheSameTexts() {
    assertThat(Texts.mixed(50, 1)).isEqualTo(Texts.mixed(50, 1)).isNotEqualTo(Texts.mixed(50, 2));
    assertThat(Texts.mixed(500, 1).subList(0, 50)).isEqualTo(Texts.mixed(50, 1));
  }

  @Test
  void lengthsAreVeryMixed() {
    int[] lengths =
        Texts.mixed(2_000, 1).stream()
            .mapToInt(text -> text.split(" ", -1).length)
            .sorted()
            .toArray();
    assertThat(lengths[1_000]).isBetween(10, 30);
    assertThat(lengths[1_900]).isBetween(70, 160);
  }
}
