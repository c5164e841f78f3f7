package dev.hone.benchmarks.ledger;

import static dev.hone.benchmarks.ledger.Figure.atLeast;
import static dev.hone.benchmarks.ledger.Figure.atMost;
import static dev.hone.benchmarks.ledger.Figure.told;

import java.util.List;

/** What one call costs, and how a session behaves. */
final class RunFigures {
  static final List<Figure> ALL =
      List.of(
          atMost(
              "run.inplace.against-bare",
              1.25,
              "x",
              "time of run(in, out) against the bare JavaCPP call, tiny model"),
          atMost(
              "run.inplace.against-buffers",
              0.5,
              "x",
              "time of run(in, out) against ONNX Runtime's Java API with direct buffers"),
          atMost(
              "run.inplace.against-arrays",
              0.25,
              "x",
              "time of run(in, out) against ONNX Runtime's Java API with arrays"),
          atMost(
              "run.returning.against-inplace",
              1.5,
              "x",
              "time of run(in), result closed, against run(in, out)"),
          told("run.call.bare", "ns", "bare JavaCPP call, tiny model: time"),
          told(
              "run.call.buffers",
              "x",
              "ONNX Runtime's Java API, direct buffers: time against the bare JavaCPP call"),
          told(
              "run.call.pinned",
              "x",
              "ONNX Runtime's Java API, input and output kept: time against the bare JavaCPP call"),
          told(
              "run.call.arrays",
              "x",
              "ONNX Runtime's Java API, arrays: time against the bare JavaCPP call"),
          atMost("run.inplace.heap", 0, "B", "heap of one run(in, out)"),
          atMost(
              "run.minilm.different-texts",
              0,
              "texts",
              "of 100, embeddings that differ in any bit from ONNX Runtime's Java API with the same options"),
          atLeast(
              "run.conformance",
              99,
              "%",
              "operator conformance cases that pass, of those that ONNX Runtime loads"),
          atMost(
              "run.deadline.late", 50, "ms", "how long after its deadline a run of a second ends"),
          atMost("run.idle", 1, "%", "share of one core that an open, idle session uses"),
          atMost(
              "run.quota.threads",
              1,
              "threads",
              "threads that work on a run where one processor is given"),
          atMost("run.fuzz.crashes", 0, "crashes", "native crashes in 10,000 mutated model files"));

  private RunFigures() {}
}
