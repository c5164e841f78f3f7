package dev.hone.batching;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BreatherTest {
  private long waiting;
  private long broughtByEach;
  private int offers;
  private final Breather breather = new Breather(() -> waiting, this::offer);

  private void offer() {
    offers++;
    waiting += broughtByEach;
  }

  private int offersOf(int pauses) {
    offers = 0;
    for (int i = 0; i < pauses; i++) {
      breather.pause();
    }
    return offers;
  }

  @Test
  void itOffersItsProcessorEachTimeWhileThatBringsOthers() {
    broughtByEach = 1;
    assertThat(offersOf(10_000)).isEqualTo(10_000);
  }

  @Test
  void whoIsAloneStopsOffering() {
    assertThat(offersOf(Breather.IN_VAIN)).isEqualTo(Breather.IN_VAIN);
    assertThat(offersOf(Breather.LEAST_LEFT_OUT)).isZero();
    assertThat(offersOf(1)).isEqualTo(1);
    assertThat(offersOf(2 * Breather.LEAST_LEFT_OUT)).isZero();
    offersOf(20 * Breather.MOST_LEFT_OUT);
    assertThat(offersOf(100 * Breather.MOST_LEFT_OUT)).isLessThanOrEqualTo(100);
  }

  @Test
  void oneSuccessMakesItOfferAgain() {
    offersOf(20 * Breather.MOST_LEFT_OUT);
    broughtByEach = 1;
    offersOf(Breather.MOST_LEFT_OUT + 1);
    assertThat(offersOf(100)).isEqualTo(100);
  }
}
