package dev.hone.examples;

import dev.hone.cuda.CudaDiagnostics;
import dev.hone.cuda.CudaReport;

/**
 * Tells whether this machine can compute on an NVIDIA GPU, and if not, everything that is in the
 * way, each with what to do about it. Reads files first; only where they leave nothing to say, CUDA
 * is loaded, the driver is asked how many GPUs there are, and a small model is run on the first.
 * With {@code --strict} it ends with code 1 where the GPU cannot be used, for scripts. The jar of
 * the examples runs it with {@code java -jar}, where that of {@code hone-runtime-cuda} lies beside
 * it; a GPU that is ready needs the rest of the dependencies, too.
 */
public final class GpuDoctor {
  private GpuDoctor() {}

  /** Prints the report: {@code [--strict]}. */
  public static void main(String... args) {
    CudaReport report = CudaDiagnostics.withDriver();
    System.out.println(report);
    if (!report.isReady() && String.join(" ", args).strip().equals("--strict")) {
      System.exit(1);
    }
  }
}
