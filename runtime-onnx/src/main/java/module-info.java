/** Runs ONNX models on ONNX Runtime, and rewrites them. */
@SuppressWarnings("module") // dev.hone.cuda is compiled later
module dev.hone.onnx {
  requires transitive dev.hone.core;
  requires org.bytedeco.javacpp;
  requires org.bytedeco.onnxruntime;
  requires static transitive org.jspecify;

  exports dev.hone.onnx;
  exports dev.hone.onnx.gpu;
  exports dev.hone.onnx.failure to
      dev.hone.cuda;
  exports dev.hone.onnx.graph to
      dev.hone.cuda;

  uses dev.hone.onnx.gpu.GpuSupport;

  provides dev.hone.InferenceRuntime with
      dev.hone.onnx.OnnxRuntime;
}
