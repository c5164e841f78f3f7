package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class LoadTest {
  private static final long SECOND = 1_000_000_000L;

  private long now;
  private long oldestWait;

  private final Gauges gauges =
      new Gauges() {
        @Override
        public long oldestWaitNanos() {
          return oldestWait;
        }
      };

  private Recorder recorder(Capacity capacity) {
    return new CountingRecorder("test", capacity, gauges, () -> now);
  }

  @Test
  void utilizationIsBusyTimeOverTheTimeOfAllSlots() {
    Recorder recorder = recorder(Capacity.of(2));
    recorder.ran(1, 0, SECOND, 0);
    now += SECOND;
    assertThat(recorder.snapshot().now().utilization()).isEqualTo(0.5);
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(0.5);
  }

  @Test
  void whatIsLongPastDoesNotCount() {
    Recorder recorder = recorder(Capacity.of(1));
    for (int second = 0; second < 40; second++) {
      if (second < 20) {
        recorder.ran(1, 0, SECOND, 0);
      }
      now += SECOND;
      double utilization = recorder.snapshot().now().utilization();
      if (second < 20) {
        assertThat(utilization).isEqualTo(1);
      } else if (second >= 30) {
        assertThat(utilization).isZero();
      } else {
        assertThat(utilization).isBetween(0.0, 1.0);
      }
    }
  }

  @Test
  void busySlotsAreNoFullLoadWhereLargerBatchesCostNoMore() {
    Recorder recorder = recorder(Capacity.batched(1, 32, Duration.ofSeconds(1)));
    for (int i = 0; i < 100; i++) {
      recorder.batch(Dispatch.READY, 1 + i % 8, 8, 8, SECOND / 100); // the same time for any size
    }
    now += SECOND;
    SessionStats.Moment moment = recorder.snapshot().now();
    assertThat(moment.utilization()).isEqualTo(1, within(1e-9));
    double meanRows = recorder.snapshot().batches().rows().mean();
    assertThat(moment.pressure()).isEqualTo(meanRows / 32, within(1e-9));
  }

  @Test
  void busySlotsAreFullLoadWhereRowsCostInProportion() {
    Recorder recorder = recorder(Capacity.batched(1, 32, Duration.ofSeconds(1)));
    for (int i = 0; i < 100; i++) {
      long rows = 1L + i % 8;
      recorder.batch(Dispatch.READY, rows, rows, rows, rows * SECOND / 500);
      now += rows * SECOND / 500;
    }
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(1, within(1e-9));
  }

  @Test
  void loadFollowsTheLineThroughTheBatchesSeen() {
    Recorder recorder = recorder(Capacity.batched(1, 16, Duration.ofSeconds(1)));
    long overhead = 3_000_000;
    long each = 1_000_000;
    long rows = 0;
    for (int i = 0; i < 200; i++) {
      int size = 1 + i % 4;
      rows += size;
      recorder.batch(Dispatch.READY, size, size, size, overhead + each * size);
    }
    now += 4 * SECOND;
    double rowsPerSecond = rows / 4.0;
    double most = 16 / ((overhead + each * 16) / 1e9);
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(rowsPerSecond / most, within(1e-6));
  }

  @Test
  void waitingIsPressureWhateverTheSlotsDo() {
    Recorder recorder = recorder(Capacity.batched(1, 32, Duration.ofMillis(100)));
    oldestWait = 250_000_000;
    recorder.snapshot();
    now += SECOND;
    recorder.snapshot();
    now += SECOND;
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(2.5);
    oldestWait = 0;
    recorder.answered(1, 0, 50_000_000, 0, 0, 0);
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(0.5);
  }

  @Test
  void refusedCallsAreFullPressureUntilTheyAreLongPast() {
    Recorder recorder = recorder(Capacity.of(1));
    recorder.rejected(Rejection.QUEUE_FULL);
    now += SECOND;
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(1);
    now += 20 * SECOND;
    recorder.snapshot();
    now += SECOND;
    assertThat(recorder.snapshot().now().pressure()).isZero();
  }

  @Test
  void aDeadlineThatCouldNeverBeMetIsNoPressure() {
    Recorder recorder = recorder(Capacity.of(1));
    recorder.rejected(Rejection.TOO_LATE);
    now += SECOND;
    assertThat(recorder.snapshot().now().pressure()).isZero();
  }

  @Test
  void aCapacityWithoutSlotsIsRefused() {
    assertThatThrownBy(() -> Capacity.of(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("at least 1 slot")
        .hasMessageContaining("slots 0");
  }
}
