package dev.hone.benchmarks.ledger;

/** What a session needs. */
final class MemoryFigures {
  static final String TABLE =
      """
          minilm.heap   | <= 64  | MB | Java heap (-Xmx) with which MiniLM, 90 MB of weights, opens and runs
          external.heap | <= 256 | MB | Java heap (-Xmx) with which a model with 2.5 GB of external data opens
          soak.growth   | <= 2   | %  | growth of resident memory over the soak of mixed shapes from 8 threads
          soak.left     | <= 0   | B  | native bytes left when all is closed after the soak
          """;

  private MemoryFigures() {}
}
