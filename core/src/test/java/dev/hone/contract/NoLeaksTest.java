package dev.hone.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hone.Tensor;
import dev.hone.memory.LeakDetection;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class NoLeaksTest {
  /** What earlier tests forgot must not be found and counted in the middle of these. */
  @BeforeAll
  static void findWhatOthersForgot() {
    NoLeaks.collect();
    LeakDetection.leaks();
  }

  @Test
  void aTestThatClosesAllPasses() {
    NoLeaks.Holdings before = NoLeaks.Holdings.now();
    Tensor.of(new float[100]).close();
    NoLeaks.verifyNothingNew(before, 0);
  }

  @Test
  void aTestThatForgetsSomethingFails() {
    NoLeaks.Holdings before = NoLeaks.Holdings.now();
    forget();
    assertThatThrownBy(() -> NoLeaks.verifyNothingNew(before, 1_000_000_000))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("did not close");
  }

  private static void forget() {
    Tensor forgotten = Tensor.of(new float[100]);
    assertThat(forgotten.isClosed()).isFalse();
  }

  @Test
  void aTestThatKeepsSomethingFails() {
    NoLeaks.Holdings before = NoLeaks.Holdings.now();
    try (Tensor kept = Tensor.of(new float[100])) {
      assertThatThrownBy(() -> NoLeaks.verifyNothingNew(before, 0))
          .isInstanceOf(AssertionError.class)
          .hasMessageContaining("did not close");
      assertThat(kept.isClosed()).isFalse();
    }
  }

  @Test
  void expectedLeaksAreCounted() {
    NoLeaks.Holdings before = NoLeaks.Holdings.now();
    assertThat(NoLeaks.leaksOf(NoLeaksTest::forget)).isEqualTo(1);
    NoLeaks.verifyNothingNew(before, 0);
    assertThat(NoLeaks.leaksOf(() -> {})).isZero();
  }

  @Test
  void whatIsOpenIsCounted() {
    int before = LeakDetection.open();
    try (Tensor tensor = Tensor.of(new float[1])) {
      assertThat(LeakDetection.open()).isEqualTo(before + 1);
      assertThat(tensor.isClosed()).isFalse();
    }
    assertThat(LeakDetection.open()).isEqualTo(before);
  }
}
