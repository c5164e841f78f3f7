/** Runs ONNX models on NVIDIA GPUs. Holds nothing yet. */
module dev.hone.cuda {
  requires transitive dev.hone.onnx;
  requires static transitive org.jspecify;
}
