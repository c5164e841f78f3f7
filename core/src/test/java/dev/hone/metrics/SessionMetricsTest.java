package dev.hone.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hone.contract.LoggedLines;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SessionMetricsTest {
  private static final int MOST_SERIES = 60;

  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();

  @Test
  void metersTellWhatTheRecorderSaw() {
    Recorder recorder = Recorder.counting("test", Capacity.of(1), Gauges.NONE);
    recorder.ran(3, 1_000_000, 7_000_000, 2_000_000);
    recorder.failed(ErrorKind.MEMORY);
    recorder.batch(Dispatch.FULL, 4, 30, 40, 5);
    new SessionMetrics("embedder", recorder::snapshot, Tags.of("precision", "int8"))
        .bindTo(registry);
    assertThat(counter("inference.requests", "outcome", "answered")).isEqualTo(1);
    assertThat(counter("inference.requests", "outcome", "failed")).isEqualTo(1);
    assertThat(counter("inference.errors", "kind", "memory")).isEqualTo(1);
    assertThat(counter("inference.batches", "reason", "full")).isEqualTo(1);
    assertThat(counter("inference.rows", "precision", "int8")).isEqualTo(3);
    assertThat(counter("inference.batch.tokens.padding", "session", "embedder")).isEqualTo(10);
    assertThat(counter("inference.requests.within", "le", "0.005")).isZero();
    assertThat(counter("inference.requests.within", "le", "0.025")).isEqualTo(1);
    assertThat(counter("inference.requests.within", "le", "+Inf")).isEqualTo(1);
    assertThat(
            registry.get("inference.request.duration").functionTimer().totalTime(TimeUnit.SECONDS))
        .isEqualTo(0.010);
    assertThat(
            registry
                .get("inference.stage.duration")
                .tag("stage", "run")
                .functionTimer()
                .totalTime(TimeUnit.MILLISECONDS))
        .isEqualTo(7);
  }

  private double counter(String name, String key, String value) {
    return registry.get(name).tag(key, value).functionCounter().count();
  }

  @Test
  void aSessionHasFewSeriesAndTheyHaveItsName() {
    new SessionMetrics("embedder", () -> SessionStats.EMPTY).bindTo(registry);
    long series = registry.getMeters().stream().mapToLong(meter -> size(meter)).sum();
    assertThat(series).isLessThanOrEqualTo(MOST_SERIES);
    assertThat(registry.getMeters())
        .allMatch(meter -> meter.getId().getName().startsWith("inference."))
        .filteredOn(meter -> meter.getId().getTag("session") == null)
        .extracting(meter -> meter.getId().getName())
        .containsExactlyInAnyOrder("inference.memory.native", "inference.memory.native.peak");
  }

  private static int size(Meter meter) {
    int[] count = {0};
    meter.measure().forEach(measurement -> count[0]++);
    return count[0];
  }

  @Test
  void twoSessionsShareARegistry() {
    new SessionMetrics("one", () -> SessionStats.EMPTY).bindTo(registry);
    int alone = registry.getMeters().size();
    new SessionMetrics("two", () -> SessionStats.EMPTY).bindTo(registry);
    assertThat(registry.getMeters()).hasSize(2 * alone - 2); // native memory is the process's
  }

  @Test
  void aSecondSessionOfTheSameNameIsNotSeenAndThatIsSaid() {
    try (LoggedLines logged = LoggedLines.of(SessionMetrics.class)) {
      new SessionMetrics("one", () -> SessionStats.EMPTY).bindTo(registry);
      new SessionMetrics("two", () -> SessionStats.EMPTY).bindTo(registry);
      assertThat(logged.lines()).isEmpty();
      new SessionMetrics("one", () -> SessionStats.EMPTY).bindTo(registry);
      assertThat(logged.lines())
          .singleElement()
          .asString()
          .contains("[session=one]", "another name");
    }
  }

  @Test
  void oneSnapshotIsTakenForAllMetersThatAreReadTogether() {
    AtomicInteger taken = new AtomicInteger();
    AtomicLong clock = new AtomicLong();
    RecentStats recent =
        new RecentStats(
            () -> {
              taken.incrementAndGet();
              return SessionStats.EMPTY;
            },
            clock::get);
    for (int i = 0; i < 50; i++) {
      recent.get();
    }
    assertThat(taken).hasValue(1);
    clock.addAndGet(1_000_000_000);
    recent.get();
    assertThat(taken).hasValue(2);
  }
}
