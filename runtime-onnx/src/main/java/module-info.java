/** Runs ONNX models on ONNX Runtime, and rewrites them. */
module dev.hone.onnx {
  requires transitive dev.hone.core;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.onnxruntime;
  requires static transitive org.jspecify;

  exports dev.hone.onnx;
  exports dev.hone.onnx.gpu;

  uses dev.hone.onnx.gpu.GpuSupport;

  provides dev.hone.InferenceRuntime with
      dev.hone.onnx.OnnxRuntime;
}
