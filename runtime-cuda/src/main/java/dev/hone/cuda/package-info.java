/**
 * ONNX models on NVIDIA GPUs. {@link dev.hone.cuda.CudaDiagnostics} tells whether a machine can,
 * and if not, everything that is in the way.
 */
@NullMarked
package dev.hone.cuda;

import org.jspecify.annotations.NullMarked;
