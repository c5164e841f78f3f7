package dev.hone.onnx.gpu;

/** Options of one make of GPU: {@code CudaOptions} of the module {@code hone-runtime-cuda}. */
public interface GpuOptions {}
