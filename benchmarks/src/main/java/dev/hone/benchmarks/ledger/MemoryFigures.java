package dev.hone.benchmarks.ledger;

import static dev.hone.benchmarks.ledger.Figure.atMost;

import java.util.List;

/** What a session needs. */
final class MemoryFigures {
  static final List<Figure> ALL =
      List.of(
          atMost(
              "memory.minilm.heap",
              64,
              "MB",
              "Java heap (-Xmx) with which MiniLM, 90 MB of weights, opens and runs"),
          atMost(
              "memory.external.heap",
              256,
              "MB",
              "Java heap (-Xmx) with which a model with 2.5 GB of external data opens"),
          atMost(
              "memory.soak.growth",
              2,
              "%",
              "growth of resident memory over the soak of mixed shapes from 8 threads"),
          atMost(
              "memory.soak.left", 0, "B", "native bytes left when all is closed after the soak"));

  private MemoryFigures() {}
}
