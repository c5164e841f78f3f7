package dev.hone.shadow;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.util.Objects;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;

/**
 * Gives what a {@link Shadow} found to a Micrometer registry, beside {@link
 * dev.hone.metrics.SessionMetrics}. Needs Micrometer, which nothing else does.
 *
 * <pre>{@code
 * new ShadowMetrics("embedder", shadow::shadowStats).bindTo(registry);
 * }</pre>
 *
 * <p>{@code inference.shadow.requests} counts sampled requests by what became of them; {@code
 * inference.shadow.state} is 0 for OK, 1 for WARN and 2 for DRIFT.
 */
@SuppressWarnings("exports") // who uses it, requires Micrometer anyway
public final class ShadowMetrics implements MeterBinder {
  private final Tags tags;
  private final Supplier<ShadowStats> stats;

  /**
   * A binder.
   *
   * @param session the value of the tag {@code session}, as for the session's other meters
   * @param stats usually {@code shadow::shadowStats}
   */
  public ShadowMetrics(String session, Supplier<ShadowStats> stats) {
    this.tags = Tags.of("session", Objects.requireNonNull(session, "name of a session"));
    this.stats =
        Objects.requireNonNull(stats, "statistics of a shadow, for example shadow::shadowStats");
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    counter(registry, "agreed", s -> s.compared() - s.disagreed());
    counter(registry, "disagreed", ShadowStats::disagreed);
    counter(registry, "skipped", ShadowStats::skipped);
    counter(registry, "failed", ShadowStats::failed);
    gauge(registry, "state", "0 OK, 1 WARN, 2 DRIFT.", s -> number(s.state()));
    gauge(registry, "evidence", "0 no sign of harm, 1 alarm.", ShadowStats::evidence);
    gauge(
        registry,
        "distribution.shift",
        "Largest population stability index of any feature.",
        ShadowStats::largestShift);
  }

  private static int number(Agreement state) {
    return switch (state) {
      case OK -> 0;
      case WARN -> 1;
      case DRIFT -> 2;
    };
  }

  private void counter(MeterRegistry registry, String result, ToDoubleFunction<ShadowStats> value) {
    FunctionCounter.builder(
            "inference.shadow.requests", stats, source -> value.applyAsDouble(source.get()))
        .description("Sampled requests, by what became of them.")
        .tags(tags.and("result", result))
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String description,
      ToDoubleFunction<ShadowStats> value) {
    Gauge.builder("inference.shadow." + name, stats, source -> value.applyAsDouble(source.get()))
        .description(description)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }
}
