package dev.hone.cuda.kernels;

/** Compiles CUDA C++ for an architecture. */
public interface KernelCompiler {
  /** What it is and of which version: what it makes of one source is always the same. */
  String version();

  /**
   * Compiles to a cubin.
   *
   * @param architecture the compute capability as one number, for example 90
   * @throws dev.hone.HoneException if it cannot be compiled; the message has the compiler's words
   */
  byte[] compile(KernelSource source, int architecture);
}
