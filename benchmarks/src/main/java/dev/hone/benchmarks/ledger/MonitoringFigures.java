package dev.hone.benchmarks.ledger;

import static dev.hone.benchmarks.ledger.Figure.atLeast;
import static dev.hone.benchmarks.ledger.Figure.atMost;

import java.util.List;

/** What it costs to watch, and what it finds. */
final class MonitoringFigures {
  static final List<Figure> ALL =
      List.of(
          atMost("monitoring.cost", 200, "ns", "all metrics on, tiny model: time for one call"),
          atMost("monitoring.heap", 0, "B", "all metrics on, tiny model: heap for one call"),
          atMost("monitoring.minilm", 1, "%", "all metrics on, MiniLM: throughput lost"),
          atMost(
              "monitoring.stages",
              2,
              "%",
              "difference of the stage times' sum and the request time"),
          atMost(
              "monitoring.counters",
              0,
              "requests",
              "of 100,000 with cancels, deadlines and failures, those that the counters miss"),
          atMost("monitoring.series", 60, "series", "time series for one session"),
          atMost(
              "monitoring.jfr.off", 1, "%", "throughput lost to JFR events while nobody records"),
          atMost(
              "monitoring.jfr.on", 3, "%", "throughput lost to JFR events while somebody records"),
          atMost("monitoring.shadow.p99", 2, "%", "rise of p99 with 1 % shadowed"),
          atMost("monitoring.shadow.throughput", 2, "%", "throughput lost with 1 % shadowed"),
          atLeast(
              "monitoring.shadow.found",
              95,
              "%",
              "planted harm found within 20,000 requests, of 100 seeds"),
          atMost(
              "monitoring.shadow.false-alarms",
              1,
              "alarms",
              "in 1,000,000 requests of identical models"),
          atLeast(
              "monitoring.pressure.lead",
              10,
              "s",
              "pressure passes 0.8 so long before p99 breaks its target"),
          atMost(
              "monitoring.sigterm.lost",
              0,
              "requests",
              "accepted requests lost when the program is told to end under load"));

  private MonitoringFigures() {}
}
