package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pressure over time, read once a second, while load does this and that. */
class PressureTest {
  private static final long SECOND = 1_000_000_000L;
  private static final double FULL = 0.8;

  private long now;
  private long oldestWait;

  private final Gauges gauges =
      new Gauges() {
        @Override
        public long oldestWaitNanos() {
          return oldestWait;
        }
      };

  /** Pressure at the end of each second, where load is the share of the second that runs take. */
  private double[] pressure(int seconds, int secondsApart, IntToDoubleFunction load) {
    Recorder recorder =
        new CountingRecorder(
            "test", Capacity.batched(1, 1, Duration.ofMillis(100)), gauges, () -> now);
    double[] pressure = new double[seconds];
    for (int second = 0; second < seconds; second++) {
      recorder.ran(1, 0, (long) (load.applyAsDouble(second) * SECOND), 0);
      now += SECOND;
      boolean read = (second + 1) % secondsApart == 0;
      pressure[second] =
          read ? recorder.snapshot().now().pressure() : second == 0 ? 0 : pressure[second - 1];
    }
    return pressure;
  }

  private static int firstAbove(double limit, double[] values) {
    for (int i = 0; i < values.length; i++) {
      if (values[i] > limit) {
        return i;
      }
    }
    return values.length;
  }

  private static double most(double[] values, int from) {
    return Arrays.stream(values, from, values.length).max().orElseThrow();
  }

  /** A minute of calm, and then a rise by so much in a second. */
  private static IntToDoubleFunction ramp(double calm, double each) {
    return second -> Math.min(1, calm + Math.max(0, second - 60) * each);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.005, 0.01, 0.02, 0.03})
  void anEvenRiseIsFullPressureTenSecondsBeforeTheLoadIsFull(double each) {
    IntToDoubleFunction load = ramp(0.2, each);
    double[] pressure = pressure(260, 1, load);
    int full = (int) Math.ceil(60 + (1 - 0.2) / each);
    int passed = firstAbove(FULL, pressure);
    assertThat(full - passed).isGreaterThanOrEqualTo(10);
    assertThat(load.applyAsDouble(passed)).as("not much too early").isGreaterThan(FULL - 11 * each);
    for (int second = passed; second < full; second++) {
      assertThat(pressure[second]).as("once passed, in second %d", second).isGreaterThan(FULL);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void aRiseIsSeenThroughNoise(long seed) {
    Random random = new Random(seed);
    IntToDoubleFunction load = ramp(0.2, 0.02);
    double[] pressure =
        pressure(110, 1, second -> load.applyAsDouble(second) + 0.05 * random.nextGaussian());
    assertThat(100 - firstAbove(FULL, pressure)).isGreaterThanOrEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void loadThatOnlyVariesIsNoReasonToScaleOut(long seed) {
    Random random = new Random(seed);
    double[] pressure = pressure(2_000, 1, second -> 0.6 + 0.05 * random.nextGaussian());
    assertThat(most(pressure, 0)).isLessThan(0.7);
    double[] settled = Arrays.copyOfRange(pressure, 40, pressure.length);
    assertThat(Arrays.stream(settled).average().orElseThrow()).isBetween(0.59, 0.63);
    assertThat(Arrays.stream(settled).min().orElseThrow()).isGreaterThan(0.5);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 0.5})
  void aStepIsNoRise(double before) {
    Random random = new Random(1);
    double[] pressure =
        pressure(200, 1, second -> (second < 100 ? before : 0.7) + 0.02 * random.nextGaussian());
    assertThat(most(pressure, 0)).isLessThan(FULL);
    assertThat(pressure[110]).isGreaterThan(0.65);
  }

  @Test
  void burstsCountAsTheirMean() {
    double[] pressure = pressure(1_000, 1, second -> second % 5 < 2 ? 1 : 0.2);
    double mean = (2 + 3 * 0.2) / 5;
    for (int second = 40; second < pressure.length; second++) {
      assertThat(pressure[second]).isBetween(mean - 0.05, mean + 0.1);
    }
  }

  @Test
  void whatWasExpectedIsForgottenWhenTheLoadEnds() {
    double[] pressure =
        pressure(200, 1, second -> second < 100 ? ramp(0.2, 0.01).applyAsDouble(second) : 0);
    assertThat(pressure[99]).isGreaterThan(0.6);
    for (int second = 100; second < 110; second++) {
      assertThat(pressure[second]).isLessThan(pressure[second - 1]);
    }
    assertThat(most(pressure, 110)).isZero();
  }

  @Test
  void aGuessIsNeverMoreThanFullNorMoreThanTwiceTheLoad() {
    double[] pressure = pressure(200, 1, second -> second < 100 ? 0 : 0.05 * (second - 100) % 1);
    assertThat(most(pressure, 0)).isLessThanOrEqualTo(1);
    double[] idle = pressure(400, 1, second -> 0.0005 * second);
    for (int second = 0; second < idle.length; second++) {
      assertThat(idle[second]).isLessThanOrEqualTo(2 * 0.0005 * second);
    }
  }

  @Test
  void aRiseIsSeenWhereReadingsAreFarApart() {
    IntToDoubleFunction load = ramp(0.2, 0.002);
    double[] pressure = pressure(500, 15, load);
    int passed = firstAbove(FULL, pressure);
    assertThat(passed).isLessThanOrEqualTo(60 + 300 - 1); // when the load itself is there
    assertThat(passed).isGreaterThan(60 + 270);
  }

  @Test
  void aWaitThatIsFoundOnceIsNoPressure() {
    Recorder recorder =
        new CountingRecorder(
            "test", Capacity.batched(1, 1, Duration.ofMillis(100)), gauges, () -> now);
    now += SECOND;
    oldestWait = 0;
    recorder.snapshot();
    now += SECOND;
    oldestWait = 500_000_000;
    assertThat(recorder.snapshot().now().pressure()).isZero();
    now += SECOND / 2;
    assertThat(recorder.snapshot().now().pressure()).as("read again too soon").isZero();
    now += SECOND;
    oldestWait = 300_000_000;
    assertThat(recorder.snapshot().now().pressure()).isEqualTo(3);
    now += SECOND;
    oldestWait = 0;
    assertThat(recorder.snapshot().now().pressure()).isZero();
  }
}
