package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class BreatherTest {
  private long now;
  private long breakNanos = 10;
  private int breaks;
  private final Breather breather =
      new Breather(
          () -> {
            breaks++;
            now += breakNanos;
          },
          () -> now);

  @Test
  void aBatchOfSeveralCallsIsFollowedByABreak() {
    breather.after(2, 100);
    breather.after(64, 100);
    assertThat(breaks).isEqualTo(2);
  }

  @Test
  void aCallThatWasAloneIsNot() {
    breather.after(1, 100);
    breather.after(0, 100);
    assertThat(breaks).isZero();
  }

  @Test
  void afterABreakLongerThanItsBatchTheNextAreLeftOut() {
    breakNanos = 101;
    breather.after(2, 100);
    for (int i = 0; i < Breather.BREAKS_OFF; i++) {
      breather.after(2, 100);
    }
    assertThat(breaks).isEqualTo(1);
    breather.after(2, 100);
    assertThat(breaks).isEqualTo(2);
  }
}
