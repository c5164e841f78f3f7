package dev.hone.benchmarks.ledger;

import static dev.hone.benchmarks.ledger.Figure.atLeast;
import static dev.hone.benchmarks.ledger.Figure.atMost;

import java.util.List;

/** The same session on an NVIDIA GPU. */
final class CudaFigures {
  static final List<Figure> ALL =
      List.of(
          atMost(
              "cuda.minilm.run",
              2.0,
              "ms",
              "MiniLM FP16, 32 texts of 128 tokens, bound on the device: one run on an H100"),
          atLeast("cuda.minilm.java", 85, "%", "rate from Java, of that"),
          atLeast("cuda.minilm.cpu", 20, "x", "speed against the CPU provider of the same machine"),
          atMost("cuda.overhead", 20, "us", "own overhead of one run"),
          atMost("cuda.graph", 0.6, "x", "time at batch 1 with CUDA graphs against without"),
          atLeast("cuda.minilm.cosine", 0.999, "", "mean cosine of FP16 to FP32"),
          atMost(
              "cuda.memory.growth",
              2,
              "%",
              "growth of device memory in ten minutes from 8 threads"));

  private CudaFigures() {}
}
