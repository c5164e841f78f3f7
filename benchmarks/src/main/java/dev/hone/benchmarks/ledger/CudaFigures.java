package dev.hone.benchmarks.ledger;

/** The same session on an NVIDIA GPU. */
final class CudaFigures {
  static final String TABLE =
      """
          minilm.run    | <= 2.0   | ms | MiniLM FP16, 32 texts of 128 tokens, bound on the device: one run on an H100
          minilm.java   | >= 85    | %  | rate from Java, of that
          minilm.cpu    | >= 20    | x  | speed against the CPU provider of the same machine
          overhead      | <= 20    | us | own overhead of one run
          graph         | <= 0.6   | x  | time at batch 1 with CUDA graphs against without
          minilm.cosine | >= 0.999 |    | mean cosine of FP16 to FP32
          memory.growth | <= 2     | %  | growth of device memory in ten minutes from 8 threads
          """;

  private CudaFigures() {}
}
