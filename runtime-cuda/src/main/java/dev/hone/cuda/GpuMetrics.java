package dev.hone.cuda;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Gives what a GPU is doing to a Micrometer registry. The only class of this module that needs
 * Micrometer.
 *
 * <pre>{@code
 * new GpuMetrics("cuda:0", monitor::read).bindTo(registry);
 * }</pre>
 *
 * <p>Five gauges with the tag {@code device}: {@code inference.gpu.utilization}, from 0 to 1,
 * {@code inference.gpu.memory.used} and {@code inference.gpu.memory.total} in bytes, {@code
 * inference.gpu.temperature} in degrees Celsius and {@code inference.gpu.power} in watts. What the
 * device does not tell, or where there is none, is NaN; some registries leave that out. They speak
 * of the whole device, whoever uses it, and are read when the registry publishes.
 *
 * <p>The registry holds the {@link GpuMonitor} for as long as it lives itself.
 */
@SuppressWarnings("exports") // who uses it, requires Micrometer anyway
public final class GpuMetrics implements MeterBinder {
  private final Tags tags;
  private final Supplier<GpuReading> readings;

  /**
   * A binder.
   *
   * @param device the value of the tag {@code device}, for example {@code cuda:0}
   * @param readings usually {@code monitor::read}
   */
  public GpuMetrics(String device, Supplier<GpuReading> readings) {
    this(device, readings, Tags.empty());
  }

  /**
   * A binder with further tags.
   *
   * @param device the value of the tag {@code device}, for example {@code cuda:0}
   * @param readings usually {@code monitor::read}
   * @param tags further tags, with values from a small set
   */
  public GpuMetrics(String device, Supplier<GpuReading> readings, Iterable<Tag> tags) {
    this.tags = Tags.of(tags).and("device", Objects.requireNonNull(device));
    this.readings = Objects.requireNonNull(readings);
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    gauge(
        registry,
        "utilization",
        null,
        "How much of the last second or less a kernel was running, from 0 to 1.",
        GpuReading::utilization);
    gauge(
        registry,
        "memory.used",
        "bytes",
        "How much of the GPU's memory is used, by whomever.",
        reading -> known(reading.usedBytes()));
    gauge(
        registry,
        "memory.total",
        "bytes",
        "How much memory the GPU has.",
        reading -> known(reading.totalBytes()));
    gauge(registry, "temperature", "celsius", "How warm the GPU is.", GpuReading::celsius);
    gauge(registry, "power", "watts", "What the GPU draws.", GpuReading::watts);
  }

  private static double known(long bytes) {
    return bytes < 0 ? Double.NaN : bytes;
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      @Nullable String unit,
      String description,
      ToDoubleFunction<GpuReading> value) {
    Gauge.builder("inference.gpu." + name, readings, reading -> value.applyAsDouble(reading.get()))
        .baseUnit(unit)
        .description(description)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }
}
