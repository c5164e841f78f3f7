/**
 * ONNX models on ONNX Runtime. Most programs name {@link dev.hone.onnx.OnnxOptions} and {@link
 * dev.hone.onnx.Quantization} at most: what else a session can be told. {@link
 * dev.hone.onnx.Quantizer}, {@link dev.hone.onnx.EmbeddingOutput} and {@link
 * dev.hone.onnx.ImageInput} are functions from a model to a model, which {@link
 * dev.hone.Model#save} keeps.
 */
@NullMarked
package dev.hone.onnx;

import org.jspecify.annotations.NullMarked;
