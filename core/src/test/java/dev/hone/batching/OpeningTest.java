package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.batching.Opening.Lacks;
import org.junit.jupiter.api.Test;

class OpeningTest {
  @Test
  void twoSessionsStayIfEitherWouldBeClearlySlowerAtWhatTheOtherIsFor() {
    assertThat(new Lacks(1.5, 1.4).areWorthASession()).isTrue();
    assertThat(new Lacks(1.5, 1.02).areWorthASession()).isFalse();
    assertThat(new Lacks(1.02, 1.5).areWorthASession()).isFalse();
  }

  @Test
  void ofTwoSessionsTheOneThatLacksLessIsTheBetterChoice() {
    assertThat(new Lacks(1.5, 1.02).areLessWithOther()).isTrue();
    assertThat(new Lacks(1.02, 1.5).areLessWithOther()).isFalse();
  }

  @Test
  void betweenEqualsTheOneThatServesManyCallsStays() {
    assertThat(new Lacks(1, 1).areLessWithOther()).isFalse();
    assertThat(new Lacks(1, 1).areWorthASession()).isFalse();
  }
}
