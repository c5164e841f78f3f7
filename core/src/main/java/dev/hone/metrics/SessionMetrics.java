package dev.hone.metrics;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;

/**
 * Gives the numbers of one session to a Micrometer registry. The only class of Hone that needs
 * Micrometer; everything else works without it.
 *
 * <pre>{@code
 * new SessionMetrics("embedder", session::stats).bindTo(registry);
 * }</pre>
 *
 * <p>All meters begin with {@code inference.} and carry the tag {@code session} (native memory does
 * not: it is the whole process's). Times are in seconds and sizes in bytes, as the registry
 * translates them. Other tags are closed lists, so a session has about 50 series, whatever is
 * called on it. Meters are read when the registry publishes; between two of these nothing happens.
 *
 * <p>{@code inference.requests.within} counts answered calls that took at most {@code le} seconds:
 * it sums over instances, and {@code histogram_quantile} understands it. (It does not end in {@code
 * bucket}: Prometheus's client keeps that ending for itself and would cut it off.)
 *
 * <p>The registry holds the session's statistics for as long as it lives itself. A session that
 * takes the place of another, of a newer model for example, is seen if the supplier asks whichever
 * is in use: {@code () -> current.stats()}.
 */
@SuppressWarnings("exports") // who uses it, requires Micrometer anyway
public final class SessionMetrics implements MeterBinder {
  private static final Logger LOGGER = System.getLogger(SessionMetrics.class.getName());
  private static final String REQUESTS = "inference.requests";

  /** Upper ends of the buckets of request durations, in microseconds. */
  private static final List<Long> BOUNDS_MICROS =
      List.of(1_000L, 2_500L, 5_000L, 10_000L, 25_000L, 50_000L, 100_000L, 250_000L, 1_000_000L);

  private final Tags tags;
  private final RecentStats stats;

  /**
   * A binder.
   *
   * @param session the value of the tag {@code session}; give each session another one
   * @param stats usually {@code session::stats}
   */
  public SessionMetrics(String session, Supplier<SessionStats> stats) {
    this(session, stats, Tags.empty());
  }

  /**
   * A binder with further tags, for example model, precision and device.
   *
   * @param session the value of the tag {@code session}; give each session another one
   * @param stats usually {@code session::stats}
   * @param tags further tags, with values from a small set
   */
  public SessionMetrics(String session, Supplier<SessionStats> stats, Iterable<Tag> tags) {
    Objects.requireNonNull(session, "name of a session");
    Objects.requireNonNull(stats, "statistics of a session, for example session::stats");
    Objects.requireNonNull(tags, "tags of a session's metrics");
    this.tags = Tags.of(tags).and("session", session);
    this.stats = new RecentStats(stats, System::nanoTime);
  }

  /** Binds; logs a warning if the registry has meters of a session of this name already. */
  @Override
  public void bindTo(MeterRegistry registry) {
    if (registry.find(REQUESTS).tags(tags).functionCounter() != null) {
      LOGGER.log(
          Level.WARNING,
          "The registry reads metrics with "
              + tags.stream().map(tag -> tag.getKey() + "=" + tag.getValue()).toList()
              + " from another session already, and goes on with that one: what this one does is not"
              + " seen. Give each session another name; where one takes the place of another, bind"
              + " once, to a supplier that asks whichever is in use.");
    }
    bindCalls(registry);
    bindTimes(registry);
    bindBatches(registry);
    bindMoment(registry);
    bindMemory(registry);
  }

  private void bindCalls(MeterRegistry registry) {
    for (Outcome outcome : Outcome.values()) {
      counter(
          registry,
          REQUESTS,
          "Calls that ended, by how.",
          "outcome",
          outcome,
          s -> s.count(outcome));
    }
    for (ErrorKind kind : ErrorKind.values()) {
      counter(
          registry,
          "inference.errors",
          "Calls that failed, by why.",
          "kind",
          kind,
          s -> s.count(kind));
    }
    for (Rejection why : Rejection.values()) {
      counter(
          registry,
          "inference.rejected",
          "Calls that were refused, by why.",
          "reason",
          why,
          s -> s.count(why));
    }
    counter(
        registry,
        "inference.late",
        "Calls answered after their deadline.",
        tags,
        SessionStats::late);
    counter(registry, "inference.rows", "Rows of answered calls.", tags, SessionStats::rows);
  }

  private void bindTimes(MeterRegistry registry) {
    timer(
        registry, "inference.request.duration", "From call to answer.", tags, SessionStats::total);
    for (Stage stage : Stage.values()) {
      timer(
          registry,
          "inference.stage.duration",
          "From call to answer, by part.",
          tags.and("stage", tagValue(stage)),
          s -> s.stage(stage));
    }
    for (long micros : BOUNDS_MICROS) {
      bucket(registry, Double.toString(micros / 1e6), s -> s.total().countUpTo(micros * 1_000));
    }
    bucket(registry, "+Inf", s -> s.total().count());
  }

  private void bucket(MeterRegistry registry, String bound, ToLongFunction<SessionStats> value) {
    counter(
        registry,
        "inference.requests.within",
        "Calls answered within le seconds.",
        tags.and("le", bound),
        value);
  }

  private void bindBatches(MeterRegistry registry) {
    for (Dispatch why : Dispatch.values()) {
      counter(
          registry,
          "inference.batches",
          "Runs, by why they ran when they did.",
          "reason",
          why,
          s -> s.batches().count(why));
    }
    counter(registry, "inference.batch.rows", "Rows in runs.", tags, s -> s.batches().rows().sum());
    counter(
        registry,
        "inference.batch.tokens",
        "Tokens computed, padding included.",
        tags,
        s -> s.batches().paddedTokens());
    counter(
        registry,
        "inference.batch.tokens.padding",
        "Tokens computed that were padding.",
        tags,
        s -> s.batches().paddedTokens() - s.batches().realTokens());
  }

  private void bindMoment(MeterRegistry registry) {
    gauge(
        registry,
        "inference.queue.size",
        "rows",
        "Rows that wait.",
        tags,
        s -> s.now().queuedRows());
    TimeGauge.builder(
            "inference.queue.oldest.age",
            stats,
            TimeUnit.NANOSECONDS,
            recent -> recent.get().now().oldestWaitNanos())
        .description("How long the oldest waiting call has waited.")
        .tags(tags)
        .strongReference(true)
        .register(registry);
    gauge(
        registry,
        "inference.utilization",
        "ratio",
        "Busy time over available time lately.",
        tags,
        s -> s.now().utilization());
    gauge(
        registry,
        "inference.pressure",
        "ratio",
        "0 idle, 1 full, above 1 overloaded.",
        tags,
        s -> s.now().pressure());
  }

  private void bindMemory(MeterRegistry registry) {
    if (registry.find("inference.memory.native").gauge() != null) {
      return; // the binder of another session gave it already
    }
    gauge(
        registry,
        "inference.memory.native",
        "bytes",
        "Held by tensors and pools, not by weights.",
        Tags.empty(),
        s -> s.now().nativeBytes());
    gauge(
        registry,
        "inference.memory.native.peak",
        "bytes",
        "The most ever held.",
        Tags.empty(),
        s -> s.now().peakNativeBytes());
  }

  private static String tagValue(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      String key,
      Enum<?> constant,
      ToLongFunction<SessionStats> value) {
    counter(registry, name, description, tags.and(key, tagValue(constant)), value);
  }

  private void counter(
      MeterRegistry registry,
      String name,
      String description,
      Tags tags,
      ToLongFunction<SessionStats> value) {
    FunctionCounter.builder(name, stats, recent -> value.applyAsLong(recent.get()))
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private void timer(
      MeterRegistry registry,
      String name,
      String description,
      Tags tags,
      Function<SessionStats, Distribution> times) {
    FunctionTimer.builder(
            name,
            stats,
            recent -> times.apply(recent.get()).count(),
            recent -> times.apply(recent.get()).sum(),
            TimeUnit.NANOSECONDS)
        .description(description)
        .tags(tags)
        .register(registry);
  }

  private void gauge(
      MeterRegistry registry,
      String name,
      String unit,
      String description,
      Tags tags,
      ToDoubleFunction<SessionStats> value) {
    Gauge.builder(name, stats, recent -> value.applyAsDouble(recent.get()))
        .baseUnit(unit)
        .description(description)
        .tags(tags)
        .strongReference(true)
        .register(registry);
  }
}
