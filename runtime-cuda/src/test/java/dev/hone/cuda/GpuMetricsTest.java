package dev.hone.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

/** What a registry of Micrometer gets to see of a GPU. */
class GpuMetricsTest {
  private final MeterRegistry registry = new SimpleMeterRegistry();
  private GpuReading reading = new GpuReading(0.37, 3_000, 80_000, 61, 312.5);

  private double value(String name) {
    return registry.get("inference.gpu." + name).tag("device", "cuda:1").gauge().value();
  }

  @Test
  void everyFigureIsAGaugeOfItsDevice() {
    new GpuMetrics("cuda:1", () -> reading, Tags.of("model", "embedder")).bindTo(registry);
    assertThat(registry.getMeters())
        .hasSize(5)
        .allMatch(meter -> "embedder".equals(meter.getId().getTag("model")));
    assertThat(value("utilization")).isEqualTo(0.37);
    assertThat(value("memory.used")).isEqualTo(3_000);
    assertThat(value("memory.total")).isEqualTo(80_000);
    assertThat(value("temperature")).isEqualTo(61);
    assertThat(value("power")).isEqualTo(312.5);
    reading = new GpuReading(0.5, 4_000, 80_000, 62, 300);
    assertThat(value("memory.used")).isEqualTo(4_000);
  }

  @Test
  void whatIsNotToldIsNoNumber() {
    new GpuMetrics("cuda:1", () -> GpuReading.NONE).bindTo(registry);
    assertThat(registry.getMeters())
        .hasSize(5)
        .allSatisfy(meter -> assertThat(meter.measure()).allMatch(m -> Double.isNaN(m.getValue())));
  }
}
