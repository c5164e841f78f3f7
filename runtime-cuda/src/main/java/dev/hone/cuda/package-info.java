/**
 * ONNX models on NVIDIA GPUs. {@link dev.hone.cuda.CudaDiagnostics} tells whether a machine can,
 * and if not, everything that is in the way; {@link dev.hone.cuda.CudaOptions} says how its
 * sessions compute; {@link dev.hone.cuda.GpuMemory} holds tensors that stay there between runs, and
 * {@link dev.hone.cuda.GpuMonitor} tells what a GPU is doing. Programs name none of it to compute
 * there: {@code Device.cuda} and {@code Device.best} find {@link dev.hone.cuda.CudaSupport} by
 * themselves.
 */
@NullMarked
package dev.hone.cuda;

import org.jspecify.annotations.NullMarked;
