package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ForwardingRecorderTest {
  private final Recorder target = counting();

  private static Recorder counting() {
    return Recorder.counting("test", Capacity.of(1), Gauges.NONE);
  }

  private static Recorder to(Recorder target) {
    return new ForwardingRecorder() {
      @Override
      protected Recorder target() {
        return target;
      }
    };
  }

  private static void tellEverything(Recorder recorder) {
    recorder.ran(1, 2, 3, 4);
    recorder.answered(2, 1, 2, 3, 4, 5);
    recorder.batch(Dispatch.FULL, 3, 2, 4, 5);
    recorder.failed(ErrorKind.INPUT);
    recorder.rejected(Rejection.SHED);
    recorder.expired();
    recorder.cancelled();
    recorder.late();
  }

  @Test
  void theTargetCountsWhatItWouldCountByItself() {
    Recorder forwarding = to(target);
    tellEverything(forwarding);
    Recorder direct = counting();
    tellEverything(direct);
    SessionStats expected = direct.snapshot();
    SessionStats actual = forwarding.snapshot();
    assertThat(actual.outcomes()).isEqualTo(expected.outcomes());
    assertThat(actual.failures()).isEqualTo(expected.failures());
    assertThat(actual.rejections()).isEqualTo(expected.rejections());
    assertThat(actual.rows()).isEqualTo(expected.rows()).isEqualTo(3);
    assertThat(actual.late()).isEqualTo(expected.late()).isEqualTo(1);
    assertThat(actual.batches().dispatches()).isEqualTo(expected.batches().dispatches());
    assertThat(actual.batches().paddedTokens()).isEqualTo(expected.batches().paddedTokens());
    assertThat(actual.batches().busyNanos()).isEqualTo(8);
    assertThat(target.snapshot().calls()).isEqualTo(expected.calls());
  }

  @Test
  void itIsEnabledWhileItsTargetIs() {
    assertThat(to(target).isEnabled()).isTrue();
    assertThat(to(Recorder.disabled()).isEnabled()).isFalse();
  }
}
