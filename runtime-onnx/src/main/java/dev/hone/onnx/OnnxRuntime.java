package dev.hone.onnx;

/** Runs ONNX models on ONNX Runtime. */
public final class OnnxRuntime {
  /** Made by the service loader. */
  public OnnxRuntime() {}
}
