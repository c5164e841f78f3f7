package dev.hone.cuda.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;

class FakeClockTest {
  @Test
  void aClockIncludesWhatItMergedAndNothingLater() {
    FakeClock first = new FakeClock();
    FakeClock second = new FakeClock();
    int seen = second.tick(12);
    first.merge(second);
    int later = second.tick(12);

    assertThat(first.includes(12, seen)).isTrue();
    assertThat(first.includes(12, later)).isFalse();
    assertThat(first.includes(99, 1)).isFalse();
  }

  @Test
  void clocksThatMergeEachOtherOverAndOverDoNotGrow() {
    FakeClock first = new FakeClock();
    FakeClock second = new FakeClock();
    first.tick(12);
    second.tick(6);

    assertThatCode(
            () -> {
              for (int i = 0; i < 100; i++) {
                first.merge(second);
                second.merge(first);
              }
            })
        .doesNotThrowAnyException();
  }
}
