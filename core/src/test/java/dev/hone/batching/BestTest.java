package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BestTest {
  private final Best best = new Best();

  @Test
  void theFastestTryCounts() {
    best.add(50);
    best.add(100);
    best.add(70);
    assertThat(best.value()).isEqualTo(100);
  }

  @Test
  void itIsConfirmedByASecondTryThatIsNearIt() {
    best.add(50);
    best.add(51);
    assertThat(best.isConfirmed()).isTrue();
    best.add(100); // the others were slow
    assertThat(best.isConfirmed()).isFalse();
    best.add(98);
    assertThat(best.isConfirmed()).isTrue();
  }

  @Test
  void oneTryConfirmsNothing() {
    assertThat(best.isConfirmed()).isFalse();
    best.add(1);
    assertThat(best.isConfirmed()).isFalse();
  }

  @Test
  void speedsUnderOneCount() {
    best.add(0.2);
    best.add(0.1);
    assertThat(best.value()).isEqualTo(0.2);
    assertThat(best.isConfirmed()).isFalse();
  }
}
