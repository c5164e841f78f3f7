package dev.hone.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DriverAnswerTest {
  /** Without a GPU's libraries that is why they cannot be loaded, which Java tells only once. */
  @Test
  void whoAsksAgainIsToldTheSame() {
    DriverAnswer first = DriverAnswer.ask();
    assertThat(DriverAnswer.ask()).isEqualTo(first);
  }
}
