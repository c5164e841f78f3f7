/** Runs ONNX models on NVIDIA GPUs. */
module dev.hone.cuda {
  requires transitive dev.hone.onnx;
  requires org.bytedeco.cuda;
  requires static micrometer.core; // for GpuMetrics alone
  requires static transitive org.jspecify;

  exports dev.hone.cuda;

  provides dev.hone.onnx.gpu.GpuSupport with
      dev.hone.cuda.CudaSupport;
}
