/**
 * What a module adds so that sessions compute on a GPU: {@link dev.hone.onnx.gpu.GpuSupport}, found
 * by {@link java.util.ServiceLoader}. Programs need none of it.
 */
@NullMarked
package dev.hone.onnx.gpu;

import org.jspecify.annotations.NullMarked;
