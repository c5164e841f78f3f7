package dev.hone.benchmarks.ledger;

/** What it costs to watch, and what it finds. */
final class MonitoringFigures {
  static final String TABLE =
      """
          cost                | <= 200 | ns       | all metrics on, tiny model: time for one call
          heap                | <= 0   | B        | all metrics on, tiny model: heap for one call
          minilm              | <= 1   | %        | all metrics on, MiniLM: throughput lost
          stages              | <= 2   | %        | difference of the stage times' sum and the request time
          counters            | <= 0   | requests | of 100,000 with cancels, deadlines and failures, those that the counters miss
          series              | <= 60  | series   | time series for one session
          jfr.off             | <= 1   | %        | throughput lost to JFR events while nobody records
          jfr.on              | <= 3   | %        | throughput lost to JFR events while somebody records
          shadow.p99          | <= 2   | %        | rise of p99 with 1 % shadowed
          shadow.throughput   | <= 2   | %        | throughput lost with 1 % shadowed
          shadow.found        | >= 95  | %        | planted harm found within 20,000 requests, of 100 seeds
          shadow.false-alarms | <= 1   | alarms   | in 1,000,000 requests of identical models
          pressure.lead       | >= 10  | s        | pressure passes 0.8 so long before p99 breaks its target
          sigterm.lost        | <= 0   | requests | accepted requests lost when the program is told to end under load
          """;

  private MonitoringFigures() {}
}
