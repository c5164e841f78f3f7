/**
 * ONNX Runtime's C API: the only package that touches it. Above here everything speaks Java.
 *
 * <p>{@link dev.hone.onnx.ort.OrtLibrary} is the loaded library, {@link
 * dev.hone.onnx.ort.NativeSession} an open session. Every call into the library returns a status;
 * it becomes an exception in one place, {@code OrtLibrary.check}.
 */
@NullMarked
package dev.hone.onnx.ort;

import org.jspecify.annotations.NullMarked;
