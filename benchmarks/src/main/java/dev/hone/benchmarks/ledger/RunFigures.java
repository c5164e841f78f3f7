package dev.hone.benchmarks.ledger;

/** What one call costs, and how a session behaves. */
final class RunFigures {
  static final String TABLE =
      """
          inplace.against-bare      | <= 1.25 | x       | time of run(in, out) against the bare JavaCPP call, tiny model
          inplace.against-buffers   | <= 0.5  | x       | time of run(in, out) against ONNX Runtime's Java API with direct buffers
          inplace.against-arrays    | <= 0.25 | x       | time of run(in, out) against ONNX Runtime's Java API with arrays
          returning.against-inplace | <= 1.5  | x       | time of run(in), result closed, against run(in, out)
          call.bare                 |         | ns      | bare JavaCPP call, tiny model: time
          call.buffers              |         | x       | ONNX Runtime's Java API, direct buffers: time against the bare JavaCPP call
          call.pinned               |         | x       | ONNX Runtime's Java API, input and output kept: time against the bare JavaCPP call
          call.arrays               |         | x       | ONNX Runtime's Java API, arrays: time against the bare JavaCPP call
          inplace.heap              | <= 0    | B       | heap of one run(in, out)
          minilm.different-texts    | <= 0    | texts   | of 100, embeddings that differ in any bit from ONNX Runtime's Java API with the same options
          conformance               | >= 99   | %       | operator conformance cases that pass, of those that ONNX Runtime loads
          idle                      | <= 1    | %       | share of one core that an open, idle session uses
          quota.threads             | <= 1    | threads | threads that work on a run where one processor is given
          fuzz.crashes              | <= 0    | crashes | native crashes in 1,000 damaged model files (10,000 in the full suite)
          """;

  private RunFigures() {}
}
